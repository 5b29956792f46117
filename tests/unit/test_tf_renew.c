/* When a page is due: after so many chunks with changes, whatever their number in each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tf_format.h"
#include "tf_renew.h"

/* Sets an item once in each of so many chunks; how often its page was due. */
static unsigned
due_in(struct tf_renew *renew, uint64_t object, uint64_t idx, uint64_t first_chunk,
       uint64_t chunks)
{
    unsigned due = 0;
    for (uint64_t chunk = first_chunk; chunk < first_chunk + chunks; chunk++) {
        due += tf_renew_item(renew, object, idx, chunk);
    }
    return due;
}

static void
test_due(void **state)
{
    struct tf_renew *renew = tf_renew_new();
    (void)state;
    assert_non_null(renew);
    for (int i = 0; i < 1000; i++) {
        assert_false(tf_renew_item(renew, 7, 3, 0)); /* one chunk is one visit */
    }
    assert_int_equal(due_in(renew, 7, 3, 1, TF_RENEW_CHUNKS - 2), 0);
    assert_int_equal(due_in(renew, 7, TF_PAGE_ITEMS, 1, TF_RENEW_CHUNKS - 1), 0);
    assert_int_equal(due_in(renew, 8, 3, 1, TF_RENEW_CHUNKS - 1), 0);
    assert_true(tf_renew_item(renew, 7, TF_PAGE_ITEMS - 1, 900)); /* of the same page */
    assert_false(tf_renew_item(renew, 7, 0, 900)); /* it was made whole in this chunk */
    assert_int_equal(due_in(renew, 7, 0, 901, 10 * TF_RENEW_CHUNKS), 10);
    tf_renew_free(renew);
}

static void
test_an_image_makes_all_pages_whole(void **state)
{
    struct tf_renew *renew = tf_renew_new();
    (void)state;
    due_in(renew, 7, 3, 0, TF_RENEW_CHUNKS - 1);
    tf_renew_image(renew, 8); /* another, never heard of */
    tf_renew_image(renew, 7);
    assert_int_equal(due_in(renew, 7, 3, 100, TF_RENEW_CHUNKS - 1), 0);
    assert_true(tf_renew_item(renew, 7, 3, 200));
    tf_renew_free(renew);
}

/* Memory is bounded by forgetting; what is forgotten begins anew. */
static void
test_many_objects(void **state)
{
    struct tf_renew *renew = tf_renew_new();
    unsigned due = 0;
    (void)state;
    for (uint64_t chunk = 0; chunk < 3 * TF_RENEW_CHUNKS; chunk++) {
        for (uint64_t object = 1; object <= 5000; object++) {
            due += tf_renew_item(renew, object, object * 31, chunk);
        }
    }
    assert_int_equal(due, 0);
    assert_int_equal(due_in(renew, 1, 0, 1000, TF_RENEW_CHUNKS), 1);
    assert_int_equal(due_in(renew, 1, UINT64_MAX, 1000, 100), 0);
    assert_int_equal(due_in(renew, 0, 0, 1000, 100), 0);
    tf_renew_free(renew);
    tf_renew_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_an_image_makes_all_pages_whole),
        cmocka_unit_test(test_many_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
