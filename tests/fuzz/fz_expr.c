/* Expressions over a recording that is right. */
#include <stdlib.h>
#include <string.h>

#include "fz_frames.h"
#include "fz_look.h"
#include "fz_target.h"
#include "rp.h"

const struct fz_target fz_target = {.text = true};

static struct rp *
opened(void)
{
    static struct rp *rp;
    if (rp == NULL) {
        struct tt_bytes file = {NULL, 0};
        fz_frames_put(&file, fz_base()->data, fz_base()->len);
        if (rp_open(fz_path(file.data, file.len), NULL, &rp, NULL) != TF_OK) {
            abort();
        }
        tt_bytes_free(&file);
    }
    return rp;
}

static void
evaluate(struct rp *rp, const struct rp_expr *expr, uint64_t seq)
{
    struct rp_limits limits = RP_LIMITS_SCREEN;
    struct rp_expr_err error = {0};
    struct rp_buf text = RP_BUF_INIT;
    struct rp_event event;
    struct rp_value value;
    if (rp_event_at(rp, seq, &event, NULL) != TF_OK) {
        return;
    }
    struct tf_err err = TF_ERR_INIT;
    tf_status status = rp_expr_eval(rp, expr, seq, event.frame, &value, &error, &err);
    if (status == TF_OK) {
        bool truth;
        rp_value_text(rp, &value, seq, &limits, &text, NULL, "x", NULL);
        rp_value_str(rp, &value, seq, &limits, &text, NULL);
        rp_value_truth(rp, &value, seq, &truth, NULL);
        rp_value_release(&value);
    }
    else if (error.message[0] == 0 && err.message[0] == 0) {
        abort();
    }
    rp_buf_release(&text);
}

void
fz_try(const uint8_t *data, size_t len)
{
    struct rp *rp = opened();
    struct rp_expr *expr;
    struct rp_expr_err error = {0};
    struct rp_place *place;
    struct rp_reads reads;
    char *text = malloc(len + 1);
    memcpy(text, data, len);
    text[len] = 0;
    fz_clock_start();
    if (rp_expr_parse(text, len, &expr, &error, NULL) == TF_OK) {
        evaluate(rp, expr, 3);
        evaluate(rp, expr, 9);
        evaluate(rp, expr, rp_facts(rp)->last_seq);
        if (rp_expr_reads(expr, &reads, NULL) == TF_OK) {
            rp_reads_release(&reads);
        }
        rp_expr_free(expr);
    }
    else if (error.message[0] == 0 || error.column > len) {
        abort();
    }
    if (rp_place_parse(rp, text, 9, 0, &place, NULL) == TF_OK) {
        struct rp_write write;
        if (rp_write_last(rp, place, 9, &write, NULL) == TF_OK) {
            rp_write_release(&write);
        }
        rp_place_free(place);
    }
    fz_clock_stop("an expression");
    free(text);
}
