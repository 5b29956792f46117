/* sorted(). */
#include <stdlib.h>
#include <string.h>

#include "rp_compare.h"

struct sorting {
    struct rp_eval *eval;
    struct rp_value *key;
    bool reverse;
};

/* Merge sort: stable, as sorted() is; comparisons may fail. */
static bool
merge(const struct sorting *sorting, const uint32_t *from, uint32_t *to, size_t begin,
      size_t middle, size_t end)
{
    size_t left = begin, right = middle;
    for (size_t i = begin; i < end; i++) {
        bool take_right = left >= middle;
        if (left < middle && right < end) {
            const struct rp_value *a = &sorting->key[from[left]];
            const struct rp_value *b = &sorting->key[from[right]];
            if (!rp_eval_step(sorting->eval)
                || !rp_eval_compare(sorting->eval, RP_OP_LT, sorting->reverse ? a : b,
                                    sorting->reverse ? b : a, &take_right)) {
                return false;
            }
        }
        to[i] = take_right ? from[right++] : from[left++];
    }
    return true;
}

#define INSERTION_MAX 64u

static bool
is_less(const struct sorting *sorting, uint32_t a, uint32_t b, bool *ret_less)
{
    return rp_eval_step(sorting->eval)
           && rp_eval_compare(sorting->eval, RP_OP_LT, &sorting->key[a],
                              &sorting->key[b], ret_less);
}

static void
turn(uint32_t *order, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        uint32_t swap = order[i];
        order[i] = order[--count];
        order[count] = swap;
    }
}

/* What CPython does with so few items (Objects/listobject.c, count_run, binarysort), so
 * that the first comparison that fails is the same. */
static bool
insertion_sort(const struct sorting *sorting, uint32_t *order, size_t count)
{
    bool less = false, down;
    size_t run = 1;
    if (sorting->reverse) {
        turn(order, count);
    }
    if (count > 1 && !is_less(sorting, order[1], order[0], &less)) {
        return false;
    }
    down = less;
    for (run = count > 1 ? 2 : count; run < count; run++) {
        if (!is_less(sorting, order[run], order[run - 1], &less)) {
            return false;
        }
        if (less != down) {
            break;
        }
    }
    if (down) {
        turn(order, run);
    }
    for (size_t i = run; i < count; i++) {
        uint32_t pivot = order[i];
        size_t left = 0, right = i;
        while (left < right) {
            size_t middle = left + (right - left) / 2;
            if (!is_less(sorting, pivot, order[middle], &less)) {
                return false;
            }
            right = less ? middle : right;
            left = less ? left : middle + 1;
        }
        memmove(&order[left + 1], &order[left], (i - left) * sizeof *order);
        order[left] = pivot;
    }
    if (sorting->reverse) {
        turn(order, count);
    }
    return true;
}

static bool
sort_order(const struct sorting *sorting, uint32_t *order, uint32_t *spare,
           size_t count)
{
    bool fine = true;
    if (count < INSERTION_MAX) {
        return insertion_sort(sorting, order, count);
    }
    for (size_t width = 1; width < count && fine; width *= 2) {
        memcpy(spare, order, count * sizeof *spare);
        for (size_t begin = 0; begin < count && fine; begin += 2 * width) {
            size_t middle = begin + width < count ? begin + width : count;
            size_t end = begin + 2 * width < count ? begin + 2 * width : count;
            fine = merge(sorting, spare, order, begin, middle, end);
        }
    }
    return fine;
}

bool
rp_eval_sort(struct rp_eval *eval, struct rp_object *list,
             const struct rp_value *function, bool reverse)
{
    size_t count = list->item_count, keys = 0;
    uint32_t *order = malloc((count + 1) * 2 * sizeof *order);
    struct rp_value *item = malloc((count + 1) * 2 * sizeof *item);
    struct sorting sorting = {eval, item ? item + count + 1 : NULL, reverse};
    bool fine = (order && item) || rp_eval_memory(eval);
    for (; keys < count && fine; keys += fine) {
        order[keys] = (uint32_t)keys;
        fine = rp_eval_key(eval, function, &list->item[keys], &sorting.key[keys]);
    }
    fine = fine && sort_order(&sorting, order, order + count + 1, count);
    for (size_t i = 0; i < count && fine; i++) {
        item[i] = list->item[order[i]];
    }
    if (fine) {
        memcpy(list->item, item, count * sizeof *item);
    }
    while (keys) {
        rp_value_release(&sorting.key[--keys]);
    }
    free(order);
    free(item);
    return fine;
}
