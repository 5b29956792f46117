#ifndef TF_TEXTS_H
#define TF_TEXTS_H

#include "tf_columns.h"

void tf_texts_clear(struct tf_texts *texts);
void tf_texts_release(struct tf_texts *texts);
/* The place of the text in the table, where it is put if it is not there yet. False when
 * memory ran out. */
bool tf_texts_add(struct tf_texts *texts, const uint8_t *bytes, size_t len,
                  uint32_t *ret_idx);

#endif
