/* What AFL++ loads (docs/custom_mutators.md of AFLplusplus 4.04c): it changes content, and
 * the program reads the file that the content makes. */
#include <stdlib.h>
#include <string.h>

#include "fz_frames.h"
#include "fz_mutate.h"

#define INPUT_MAX (64u << 10)

struct mutator {
    uint64_t seed;
    uint8_t input[INPUT_MAX];
    struct tt_bytes file;
};

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *data, size_t len,
                       uint8_t **ret_out, uint8_t *other, size_t other_len, size_t max);
size_t afl_custom_post_process(struct mutator *mutator, uint8_t *data, size_t len,
                               uint8_t **ret_out);
void afl_custom_deinit(struct mutator *mutator);

void *
afl_custom_init(void *afl, unsigned int seed)
{
    struct mutator *mutator = calloc(1, sizeof *mutator);
    (void)afl;
    if (mutator != NULL) {
        mutator->seed = seed;
    }
    return mutator;
}

size_t
afl_custom_fuzz(struct mutator *mutator, uint8_t *data, size_t len, uint8_t **ret_out,
                uint8_t *other, size_t other_len, size_t max)
{
    (void)other, (void)other_len;
    max = max < INPUT_MAX ? max : INPUT_MAX;
    len = len < max ? len : max;
    memcpy(mutator->input, data, len);
    *ret_out = mutator->input;
    return fz_mutate(mutator->input, len, max, mutator->seed++, NULL);
}

size_t
afl_custom_post_process(struct mutator *mutator, uint8_t *data, size_t len,
                        uint8_t **ret_out)
{
    mutator->file.len = 0;
    fz_frames_put(&mutator->file, data, len);
    *ret_out = mutator->file.data;
    return mutator->file.len;
}

void
afl_custom_deinit(struct mutator *mutator)
{
    tt_bytes_free(&mutator->file);
    free(mutator);
}
