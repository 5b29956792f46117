/* An expression's tokens. Literals come out as values. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp_expr.h"
#include "rp_unicode.h"

bool
rp_expr_fail(struct rp_expr_err *error, size_t column, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        error->column = column;
    }
    return false;
}

static int
peek(const struct rp_lexer *lexer, size_t ahead)
{
    size_t at = lexer->off + ahead;
    return at < lexer->text.len ? (unsigned char)lexer->text.data[at] : 0;
}

static bool
is_name_char(int c)
{
    return isalnum(c) || c == '_' || c >= 0x80;
}

/* --- Numbers --- */

static bool
take_int(struct rp_lexer *lexer, const char *digits, int base, struct rp_token *token)
{
    errno = 0;
    unsigned long long n = strtoull(digits, NULL, base);
    if (errno || n > INT64_MAX) {
        return rp_expr_fail(lexer->error, token->column,
                            "an int literal beyond 64 bits is not supported");
    }
    rp_value_set_int(&token->value, (int64_t)n);
    return true;
}

/* Copies digits (of any base) without underscores; what a number may consist of is
 * checked after. */
static bool
number_chars(struct rp_lexer *lexer, char *out, size_t max, bool *ret_real)
{
    bool hex =
        peek(lexer, 0) == '0' && strchr("xXoObB", peek(lexer, 1)) && peek(lexer, 1);
    size_t count = 0;
    *ret_real = false;
    for (;; lexer->off++) {
        int c = peek(lexer, 0);
        bool sign =
            (c == '+' || c == '-') && count && !hex && strchr("eE", out[count - 1]);
        if (!isalnum(c) && c != '_' && c != '.' && !sign) {
            break;
        }
        if (c == '_') {
            continue;
        }
        if (!hex && (c == '.' || c == 'e' || c == 'E')) {
            *ret_real = true;
        }
        if (count + 1 >= max) {
            return false;
        }
        out[count++] = (char)c;
    }
    out[count] = '\0';
    return true;
}

static bool
lex_number(struct rp_lexer *lexer, struct rp_token *token)
{
    char text[400];
    bool real;
    if (!number_chars(lexer, text, sizeof text, &real)) {
        return rp_expr_fail(lexer->error, token->column, "the number is too long");
    }
    size_t len = strlen(text);
    token->kind = RP_TOK_LITERAL;
    bool hex = text[0] == '0' && len > 1 && isalpha((unsigned char)text[1])
               && strchr("xXoObB", text[1]);
    bool imaginary = !hex && len > 1 && (text[len - 1] == 'j' || text[len - 1] == 'J');
    if (imaginary) {
        text[--len] = '\0';
    }
    if (hex) {
        int base = tolower(text[1]) == 'x' ? 16 : tolower(text[1]) == 'o' ? 8 : 2;
        char *end;
        strtoull(text + 2, &end, base);
        return *end == '\0' && end != text + 2
                   ? take_int(lexer, text + 2, base, token)
                   : rp_expr_fail(lexer->error, token->column, "invalid number");
    }
    char *end;
    double number = strtod(text, &end);
    bool octal = !real && !imaginary && text[0] == '0' && strspn(text, "0") != len;
    if (*end != '\0' || end == text || octal) {
        return rp_expr_fail(lexer->error, token->column, "invalid number");
    }
    if (imaginary) {
        token->value = (struct rp_value){.kind = TF_VAL_COMPLEX, .imag = number};
        return true;
    }
    if (real) {
        rp_value_set_float(&token->value, number);
        return true;
    }
    return take_int(lexer, text, 10, token);
}

/* --- str and bytes --- */

static bool
hex_escape(struct rp_lexer *lexer, size_t digits, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (size_t i = 0; i < digits; i++) {
        int c = peek(lexer, 0);
        if (!isxdigit(c)) {
            return rp_expr_fail(lexer->error, lexer->off, "invalid escape in a string");
        }
        code = code * 16 + (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
        lexer->off++;
    }
    *ret_code = code;
    return code <= 0x10ffff
           || rp_expr_fail(lexer->error, lexer->off, "invalid escape in a string");
}

/* Behind a backslash. */
static bool
lex_escape(struct rp_lexer *lexer, bool bytes, struct rp_buf *out)
{
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    int c = peek(lexer, 0);
    const char *simple = c ? strchr(from, c) : NULL;
    uint32_t code = 0;
    if (simple) {
        lexer->off++;
        rp_buf_add(out, &to[simple - from], 1);
        return true;
    }
    if (c >= '0' && c <= '7') {
        for (int i = 0; i < 3 && peek(lexer, 0) >= '0' && peek(lexer, 0) <= '7'; i++) {
            code = code * 8 + (uint32_t)(peek(lexer, 0) - '0');
            lexer->off++;
        }
    }
    else if (c == 'x' || (!bytes && (c == 'u' || c == 'U'))) {
        lexer->off++;
        if (!hex_escape(lexer, c == 'x' ? 2 : c == 'u' ? 4 : 8, &code)) {
            return false;
        }
    }
    else {
        rp_buf_add_string(out, "\\");
        return true;
    }
    char text[4] = {(char)code};
    rp_buf_add(out, text, bytes ? 1 : rp_utf8_put(code, text));
    return true;
}

static bool
lex_string(struct rp_lexer *lexer, struct rp_token *token, bool bytes, bool raw)
{
    struct rp_buf out = RP_BUF_INIT;
    int quote = peek(lexer, 0);
    bool triple = peek(lexer, 1) == quote && peek(lexer, 2) == quote;
    lexer->off += triple ? 3 : 1;
    for (;;) {
        if (lexer->off >= lexer->text.len) {
            rp_buf_release(&out);
            return rp_expr_fail(lexer->error, token->column, "the string has no end");
        }
        int c = peek(lexer, 0);
        bool end = c == quote
                   && (!triple || (peek(lexer, 1) == quote && peek(lexer, 2) == quote));
        if (end) {
            break;
        }
        lexer->off++;
        if (c == '\\' && !raw) {
            if (!lex_escape(lexer, bytes, &out)) {
                rp_buf_release(&out);
                return false;
            }
            continue;
        }
        rp_buf_add(&out, &lexer->text.data[lexer->off - 1], 1);
        if (c == '\\' && lexer->off < lexer->text.len) { /* raw: keeps what follows */
            rp_buf_add(&out, &lexer->text.data[lexer->off++], 1);
        }
    }
    lexer->off += triple ? 3 : 1;
    token->kind = RP_TOK_LITERAL;
    bool fine = !out.failed
                && rp_value_set_text(&token->value, bytes ? TF_VAL_BYTES : TF_VAL_STR,
                                     out.data ? out.data : "", out.len);
    rp_buf_release(&out);
    return fine || rp_expr_fail(lexer->error, token->column, "out of memory");
}

/* --- Names, strings with a prefix, operators --- */

static bool
lex_name(struct rp_lexer *lexer, struct rp_token *token)
{
    size_t begin = lexer->off;
    while (is_name_char(peek(lexer, 0))) {
        lexer->off++;
    }
    token->kind = RP_TOK_NAME;
    token->text = (struct tf_text){lexer->text.data + begin, lexer->off - begin};
    int quote = peek(lexer, 0);
    if (token->text.len > 2 || (quote != '\'' && quote != '"')) {
        return true;
    }
    bool bytes = false, raw = false;
    for (size_t i = 0; i < token->text.len; i++) {
        int c = tolower((unsigned char)token->text.data[i]);
        if (c == 'f') {
            return rp_expr_fail(lexer->error, token->column,
                                "f-strings are not supported");
        }
        if (!strchr("bru", c)) {
            return true;
        }
        bytes |= c == 'b';
        raw |= c == 'r';
    }
    return lex_string(lexer, token, bytes, raw);
}

static bool
lex_op(struct rp_lexer *lexer, struct rp_token *token)
{
    static const char *const ops[] = {
        "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-",
        "*",  "/",  "%",  "&",  "|",  "^",  "~",  "<",  ">", "(",
        ")",  "[",  "]",  ",",  ":",  ".",  "=",  "{",  "}"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        size_t len = strlen(ops[i]);
        if (lexer->off + len <= lexer->text.len
            && memcmp(lexer->text.data + lexer->off, ops[i], len) == 0) {
            token->kind = RP_TOK_OP;
            token->text = (struct tf_text){lexer->text.data + lexer->off, len};
            lexer->off += len;
            return true;
        }
    }
    int c = peek(lexer, 0);
    return isprint(c) ? rp_expr_fail(lexer->error, token->column,
                                     "'%c' has no meaning in an expression", c)
                      : rp_expr_fail(lexer->error, token->column,
                                     "byte 0x%02x has no meaning in an expression",
                                     (unsigned)c);
}

bool
rp_lexer_next(struct rp_lexer *lexer, struct rp_token *ret_token)
{
    while (lexer->off < lexer->text.len && isspace(peek(lexer, 0))) {
        lexer->off++;
    }
    *ret_token = (struct rp_token){.kind = RP_TOK_END, .column = lexer->off};
    if (lexer->off >= lexer->text.len) {
        return true;
    }
    int c = peek(lexer, 0);
    if (isdigit(c) || (c == '.' && isdigit(peek(lexer, 1)))) {
        return lex_number(lexer, ret_token);
    }
    if (c == '\'' || c == '"') {
        return lex_string(lexer, ret_token, false, false);
    }
    if (c == '.' && peek(lexer, 1) == '.' && peek(lexer, 2) == '.') {
        lexer->off += 3;
        ret_token->kind = RP_TOK_LITERAL;
        ret_token->value.kind = TF_VAL_ELLIPSIS;
        return true;
    }
    return is_name_char(c) ? lex_name(lexer, ret_token) : lex_op(lexer, ret_token);
}
