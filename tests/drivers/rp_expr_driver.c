/* rp_expr_driver RECORDING FUNCTION: evaluates each line of its input at the return of that
 * function, and prints the text of the result, or "! column message". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp.h"

static int
complain(const struct tf_err *err)
{
    fprintf(stderr, "%s\n", err->message);
    return 1;
}

static void
answer(struct rp *rp, const char *line, size_t len, const struct rp_event *event)
{
    struct rp_expr *expr = NULL;
    struct rp_expr_err error = {0};
    struct rp_value value = {0};
    struct rp_buf text = RP_BUF_INIT;
    struct tf_err err = TF_ERR_INIT;
    tf_status status = rp_expr_parse(line, len, &expr, &error, &err);
    if (status == TF_OK) {
        status = rp_expr_eval(rp, expr, event->seq, event->frame, &value, &error, &err);
    }
    if (status == TF_OK) {
        status = rp_value_text(rp, &value, event->seq, NULL, &text, NULL, NULL, &err);
    }
    if (status == TF_OK) {
        puts(text.data);
    }
    else {
        printf("! %zu %s\n", error.column,
               error.message[0] ? error.message : err.message);
    }
    rp_value_release(&value);
    rp_buf_release(&text);
    rp_expr_free(expr);
}

int
main(int argc, char **argv)
{
    struct rp *rp = NULL;
    struct tf_err err = TF_ERR_INIT;
    struct rp_event event;
    uint32_t code;
    uint64_t seq;
    if (argc != 3 || rp_open(argv[1], NULL, &rp, &err) != TF_OK) {
        return complain(&err);
    }
    struct tf_text name = {argv[2], strlen(argv[2])};
    if (rp_codes_named(rp, name, &code, 1) != 1) {
        return 2;
    }
    struct rp_filter filter = {
        .kinds = 1u << TF_EV_RETURN, .code = &code, .code_count = 1};
    if (rp_find(rp, &filter, 0, true, &seq, &err) != TF_OK
        || rp_event_at(rp, seq, &event, &err) != TF_OK) {
        return complain(&err);
    }
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, stdin)) > 0) {
        answer(rp, line, (size_t)len - (line[len - 1] == '\n'), &event);
    }
    free(line);
    rp_close(rp);
    return 0;
}
