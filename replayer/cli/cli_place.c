/* Names of places, numbers and times, as a person reads them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli_session.h"
#include "cli_utf8.h"

struct tf_text
cli_short_path(const struct rp *rp, const struct tf_def_file *file)
{
    struct tf_text path = file->path, cwd = rp_facts(rp)->header->cwd;
    if (file->own && cwd.len > 0 && path.len > cwd.len + 1
        && memcmp(path.data, cwd.data, cwd.len) == 0 && path.data[cwd.len] == '/') {
        path.data += cwd.len + 1;
        path.len -= cwd.len + 1;
    }
    return path;
}

/* A module's call event has no line on some versions. */
static int
line_suffix(uint32_t lineno, char *ret_text, size_t size)
{
    ret_text[0] = 0;
    return lineno ? snprintf(ret_text, size, ":%" PRIu32, lineno) : 0;
}

size_t
cli_put_tf(struct cli_out *out, struct tf_text text)
{
    return cli_out_text(out, text.data, text.len);
}

size_t
cli_put_place(struct cli_out *out, const struct rp *rp, const struct tf_def_file *file,
              uint32_t lineno)
{
    char number[16];
    int len = line_suffix(lineno, number, sizeof number);
    size_t columns = cli_put_tf(out, cli_short_path(rp, file));
    cli_out_str(out, number);
    return columns + (size_t)len;
}

size_t
cli_place_columns(const struct rp *rp, const struct tf_def_file *file, uint32_t lineno)
{
    char number[16];
    int len = line_suffix(lineno, number, sizeof number);
    struct tf_text path = cli_short_path(rp, file);
    return cli_utf8_count(path.data, path.len) + (size_t)len;
}

size_t
cli_put_function(struct cli_out *out, const struct tf_def_code *code)
{
    size_t columns = cli_put_tf(out, code->qualname);
    bool called = code->qualname.len > 0
                  && code->qualname.data[code->qualname.len - 1]
                         != '>'; /* <module>, <lambda> ... */
    if (called) {
        cli_out_str(out, "()");
    }
    return columns + (called ? 2 : 0);
}

void
cli_put_count(struct cli_out *out, uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            cli_out_char(out, ',');
        }
        cli_out_char(out, digits[i]);
    }
}

void
cli_put_counted(struct cli_out *out, uint64_t number, const char *noun)
{
    cli_put_count(out, number);
    cli_out_format(out, " %s%s", noun, number == 1 ? "" : "s");
}

void
cli_duration_text(uint64_t duration_ns, char *ret_text, size_t size)
{
    static const struct {
        double scale;
        const char *unit;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};

    size_t i = 0;
    while (i < 3 && (double)duration_ns < units[i].scale) {
        i++;
    }
    double number = (double)duration_ns / units[i].scale;
    int digits = number < 10 && i < 3 ? 2 : number < 100 && i < 3 ? 1 : 0;
    snprintf(ret_text, size, "%.*f %s", digits, number, units[i].unit);
}

void
cli_put_duration(struct cli_out *out, uint64_t duration_ns)
{
    char text[32];
    cli_duration_text(duration_ns, text, sizeof text);
    cli_out_str(out, text);
}

static bool
exception_object(struct rp *rp, uint64_t object_id, uint64_t seq,
                 struct rp_object **ret_object)
{
    struct rp_value value;
    memset(&value, 0, sizeof value);
    value.kind = TF_VAL_REF;
    value.ref = object_id;
    return object_id && rp_object_at(rp, &value, seq, ret_object, NULL) == TF_OK;
}

void
cli_put_exception(struct cli_out *out, struct rp *rp, uint64_t object_id, uint64_t seq,
                  size_t columns)
{
    struct rp_limits limits = {columns ? columns : 4000, 0, 0, 0};
    struct rp_object *object;
    struct rp_buf line = RP_BUF_INIT;
    if (!exception_object(rp, object_id, seq, &object)) {
        cli_out_str(out, "an exception that was not recorded");
        return;
    }
    rp_type_name(object->type, &line);
    size_t type_len = line.len;
    rp_buf_add_string(&line, ": ");
    rp_exception_text(rp, object, seq, &limits, &line, NULL);
    if (line.len == type_len + 2) {
        line.len = type_len;
    }
    cli_out_text_cut(out, line.data ? line.data : "", line.len,
                     columns ? columns : 4000);
    rp_buf_release(&line);
    rp_object_release(object);
}
