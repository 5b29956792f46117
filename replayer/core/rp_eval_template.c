/* str.format: Objects/stringlib/unicode_format.h. */
#include <ctype.h>
#include <string.h>

#include "rp_eval.h"
#include "rp_unicode.h"

struct template
{
    struct rp_calling *call;
    bool is_map;   /* format_map: the only argument is the mapping */
    int numbering; /* 0 not known, 1 automatic, 2 manual */
    size_t next;
    unsigned depth;
};

static bool
bad(struct template *t, const char *message)
{
    return rp_eval_raise(t->call->eval, "ValueError", "%s", message);
}

static bool
is_number(struct tf_text text)
{
    bool digits = text.len > 0 && text.len < 10;
    for (size_t i = 0; i < text.len && digits; i++) {
        digits = isdigit((unsigned char)text.data[i]);
    }
    return digits;
}

static size_t
number_of(struct tf_text text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        n = n * 10 + (size_t)(text.data[i] - '0');
    }
    return n;
}

static bool
positional(struct template *t, struct tf_text name, struct rp_value *ret_value)
{
    bool automatic = name.len == 0;
    if (t->numbering && t->numbering != (automatic ? 1 : 2)) {
        return bad(t, automatic ? "cannot switch from manual field specification to "
                                  "automatic field numbering"
                                : "cannot switch from automatic field numbering to "
                                  "manual field specification");
    }
    t->numbering = automatic ? 1 : 2;
    size_t idx = automatic ? t->next++ : number_of(name);
    if (t->is_map) {
        return bad(t, "Format string contains positional fields");
    }
    if (idx >= t->call->count) {
        return rp_eval_raise(
            t->call->eval, "IndexError",
            "Replacement index %zu out of range for positional args tuple", idx);
    }
    rp_value_copy(ret_value, &t->call->arg[idx]);
    return true;
}

static bool
named(struct template *t, struct tf_text name, struct rp_value *ret_value)
{
    struct rp_value key;
    struct rp_eval *eval = t->call->eval;
    for (size_t i = 0; i < t->call->named_count; i++) {
        if (rp_text_equal(t->call->named[i].name, name)) {
            rp_value_copy(ret_value, &t->call->named[i].value);
            return true;
        }
    }
    if (!rp_eval_text(eval, TF_VAL_STR, name.data, name.len, &key)) {
        return false;
    }
    bool fine;
    if (t->is_map) {
        fine = rp_eval_index(eval, &t->call->arg[0], &key, ret_value);
    }
    else {
        struct rp_buf repr = RP_BUF_INIT;
        fine = rp_eval_repr(eval, &key, &repr)
               && rp_eval_raise(eval, "KeyError", "%.150s", repr.data ? repr.data : "");
        rp_buf_release(&repr);
    }
    rp_value_release(&key);
    return fine;
}

/* One step of a field's name: .attr or [key]. */
static bool
step(struct template *t, struct tf_text name, size_t *off, struct rp_value *value)
{
    struct rp_eval *eval = t->call->eval;
    bool attr = name.data[(*off)++] == '.';
    size_t begin = *off;
    while (*off < name.len
           && (attr ? name.data[*off] != '.' && name.data[*off] != '['
                    : name.data[*off] != ']')) {
        ++*off;
    }
    struct tf_text part = {name.data + begin, *off - begin};
    struct rp_value next, key;
    bool found, fine;
    if (!attr && *off >= name.len) {
        return bad(t, "Missing ']' in format string");
    }
    *off += !attr;
    if (part.len == 0) {
        return bad(t, "Empty attribute in format string");
    }
    if (!attr && *off < name.len && name.data[*off] != '.' && name.data[*off] != '[') {
        return bad(t, "Only '.' or '[' may follow ']' in format field specifier");
    }
    if (attr) {
        fine = rp_eval_attr(eval, value, part, &next, &found)
               && (found || rp_eval_no_attr(eval, value, part));
    }
    else {
        if (is_number(part)) {
            rp_value_set_int(&key, (int64_t)number_of(part));
        }
        else if (!rp_eval_text(eval, TF_VAL_STR, part.data, part.len, &key)) {
            return false;
        }
        fine = rp_eval_index(eval, value, &key, &next);
        rp_value_release(&key);
    }
    if (fine) {
        rp_value_release(value);
        *value = next;
    }
    return fine;
}

static bool
field_value(struct template *t, struct tf_text name, struct rp_value *ret_value)
{
    size_t off = 0;
    while (off < name.len && name.data[off] != '.' && name.data[off] != '[') {
        off++;
    }
    struct tf_text first = {name.data, off};
    if (first.len == 0 || is_number(first) ? !positional(t, first, ret_value)
                                           : !named(t, first, ret_value)) {
        return false;
    }
    while (off < name.len) {
        if (!rp_eval_known(t->call->eval, ret_value)
            || !step(t, name, &off, ret_value)) {
            rp_value_release(ret_value);
            return false;
        }
    }
    return true;
}

static bool expand(struct template *t, struct tf_text format, struct rp_buf *out);

static bool
write_field(struct template *t, struct tf_text name, char conversion,
            struct tf_text spec, struct rp_buf *out)
{
    struct rp_eval *eval = t->call->eval;
    struct rp_value value, text = {0};
    struct rp_buf converted = RP_BUF_INIT, expanded = RP_BUF_INIT;
    if (!field_value(t, name, &value)) {
        return false;
    }
    bool fine = true;
    if (conversion) {
        fine = conversion == 'r'   ? rp_eval_repr(eval, &value, &converted)
               : conversion == 'a' ? rp_eval_ascii(eval, &value, &converted)
                                   : rp_eval_str(eval, &value, &converted);
        fine = fine && rp_eval_text_of(eval, TF_VAL_STR, &converted, &text);
    }
    if (fine && memchr(spec.data, '{', spec.len)) {
        fine = expand(t, spec, &expanded);
        spec = (struct tf_text){expanded.data ? expanded.data : "", expanded.len};
    }
    fine = fine && rp_eval_format(eval, conversion ? &text : &value, spec, out);
    out->failed |= converted.failed || expanded.failed;
    rp_buf_release(&converted);
    rp_buf_release(&expanded);
    rp_value_release(&value);
    rp_value_release(&text);
    return fine;
}

/* A field from behind its '{': *off ends behind the '}'. */
static bool
take_field(struct template *t, struct tf_text format, size_t *off, struct rp_buf *out)
{
    size_t begin = *off, depth = 1, bracket = 0;
    for (; *off < format.len; ++*off) { /* the name */
        char c = format.data[*off];
        bracket = c == '[' ? 1 : c == ']' ? 0 : bracket;
        if (c == '{') {
            return bad(t, "unexpected '{' in field name");
        }
        if (!bracket && (c == '}' || c == ':' || c == '!')) {
            break;
        }
    }
    struct tf_text name = {format.data + begin, *off - begin}, spec = {"", 0};
    char conversion = '\0';
    if (*off >= format.len) {
        return bad(t, "expected '}' before end of string");
    }
    if (format.data[*off] == '!') {
        if (*off + 2 >= format.len) {
            return bad(t, *off + 1 >= format.len || format.data[*off + 1] != '}'
                              ? "end of string while looking for conversion specifier"
                              : "unmatched '{' in format spec");
        }
        conversion = format.data[*off + 1];
        *off += 2;
        if (!strchr("rsa", conversion)) {
            return rp_eval_raise(t->call->eval, "ValueError",
                                 "Unknown conversion specifier %c", conversion);
        }
        if (format.data[*off] != ':' && format.data[*off] != '}') {
            return bad(t, "expected ':' after conversion specifier");
        }
    }
    if (format.data[*off] == ':') {
        begin = ++*off;
        for (; *off < format.len; ++*off) {
            depth += format.data[*off] == '{';
            depth -= format.data[*off] == '}';
            if (!depth) {
                break;
            }
        }
        if (*off >= format.len) {
            return bad(t, "expected '}' before end of string");
        }
        spec = (struct tf_text){format.data + begin, *off - begin};
    }
    ++*off;
    return write_field(t, name, conversion, spec, out);
}

static bool
expand(struct template *t, struct tf_text format, struct rp_buf *out)
{
    bool fine = ++t->depth <= 2 || bad(t, "Max string recursion exceeded");
    for (size_t off = 0; fine && off < format.len;) {
        char c = format.data[off++];
        bool twice = off < format.len && format.data[off] == c;
        if (c == '{' && !twice) {
            fine = off < format.len ? take_field(t, format, &off, out)
                                    : bad(t, "Single '{' encountered in format string");
        }
        else if (c == '}' && !twice) {
            fine = bad(t, "Single '}' encountered in format string");
        }
        else {
            off += c == '{' || c == '}';
            rp_buf_add(out, &c, 1);
        }
        fine = fine && rp_eval_step(t->call->eval);
    }
    t->depth--;
    return fine;
}

bool
rp_eval_template(struct rp_calling *call, struct tf_text format, bool is_map,
                 struct rp_value *ret_value)
{
    struct template t = {.call = call, .is_map = is_map};
    struct rp_buf out = RP_BUF_INIT;
    if (!expand(&t, format, &out)) {
        rp_buf_release(&out);
        return false;
    }
    return rp_eval_text_of(call->eval, TF_VAL_STR, &out, ret_value);
}
