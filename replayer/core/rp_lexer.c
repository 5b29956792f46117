/* An expression's tokens. Literals come out as values. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rp_expr.h"
#include "rp_int.h"
#include "rp_unicode.h"

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

/* CPython refuses an int literal of more digits (sys.get_int_max_str_digits). */
#define NUMBER_MAX 4300u

static bool
bad_number(struct rp_lexer *lexer, const struct rp_token *token, bool no_memory)
{
    return rp_expr_fail(lexer->error, token->column,
                        no_memory ? "out of memory" : "invalid number");
}

/* The digits of a base at lexer->off, an underscore between any two, into `out`. */
static bool
digits(struct rp_lexer *lexer, int base, struct rp_buf *out)
{
    size_t count = 0;
    for (;; lexer->off++) {
        int c = peek(lexer, 0);
        int digit = isdigit(c) ? c - '0' : isalpha(c) ? tolower(c) - 'a' + 10 : 99;
        if (c == '_') {
            int after = peek(lexer, 1);
            if (!isxdigit(after) || (count == 0 && base == 10)) {
                return false;
            }
            continue;
        }
        if (digit >= base) {
            break;
        }
        char text = (char)c;
        rp_buf_add(out, &text, 1);
        count++;
    }
    return count > 0;
}

static bool
lex_based(struct rp_lexer *lexer, struct rp_token *token)
{
    int letter = tolower(peek(lexer, 1));
    int base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
    struct rp_buf text = RP_BUF_INIT;
    lexer->off += 2;
    bool right = digits(lexer, base, &text) && text.len <= NUMBER_MAX;
    bool fine = right && !text.failed
                && rp_int_parse((struct tf_text){text.data, text.len}, (unsigned)base,
                                &token->value);
    rp_buf_release(&text);
    return fine || bad_number(lexer, token, right);
}

/* The exponent, if one is there. */
static bool
exponent(struct rp_lexer *lexer, struct rp_buf *text, bool *real)
{
    int c = peek(lexer, 0), sign = peek(lexer, 1);
    size_t skip = sign == '+' || sign == '-' ? 2 : 1;
    if ((c != 'e' && c != 'E') || !isdigit(peek(lexer, skip))) {
        return true;
    }
    *real = true;
    rp_buf_add(text, lexer->text.data + lexer->off, skip);
    lexer->off += skip;
    return digits(lexer, 10, text);
}

/* digits [. digits] [exponent] [j], or without the first digits. */
static bool
decimal(struct rp_lexer *lexer, struct rp_buf *text, bool *ret_real)
{
    *ret_real = false;
    if (peek(lexer, 0) != '.' && !digits(lexer, 10, text)) {
        return false;
    }
    if (peek(lexer, 0) == '.') {
        *ret_real = true;
        rp_buf_add_string(text, ".");
        lexer->off++;
        if (isdigit(peek(lexer, 0)) && !digits(lexer, 10, text)) {
            return false;
        }
    }
    return exponent(lexer, text, ret_real);
}

static bool
number_value(struct rp_lexer *lexer, const struct rp_buf *text, bool real,
             struct rp_token *token, bool *ret_no_memory)
{
    int c = peek(lexer, 0);
    bool imaginary = c == 'j' || c == 'J';
    lexer->off += imaginary;
    if (is_name_char(peek(lexer, 0))) {
        return false;
    }
    if (real || imaginary) {
        double number = strtod(text->data, NULL);
        token->value = imaginary
                           ? (struct rp_value){.kind = TF_VAL_COMPLEX, .imag = number}
                           : (struct rp_value){.kind = TF_VAL_FLOAT, .real = number};
        return true;
    }
    bool octal = text->data[0] == '0' && strspn(text->data, "0") != text->len;
    *ret_no_memory =
        !octal
        && !rp_int_parse((struct tf_text){text->data, text->len}, 10, &token->value);
    return !octal && !*ret_no_memory;
}

static bool
lex_number(struct rp_lexer *lexer, struct rp_token *token)
{
    token->kind = RP_TOK_LITERAL;
    if (peek(lexer, 0) == '0' && peek(lexer, 1) && strchr("xXoObB", peek(lexer, 1))) {
        return lex_based(lexer, token)
               && (!is_name_char(peek(lexer, 0)) || bad_number(lexer, token, false));
    }
    struct rp_buf text = RP_BUF_INIT;
    bool real;
    bool right = decimal(lexer, &text, &real) && text.len <= NUMBER_MAX;
    bool no_memory = right && text.failed;
    bool fine =
        right && !no_memory && number_value(lexer, &text, real, token, &no_memory);
    rp_buf_release(&text);
    return fine || bad_number(lexer, token, no_memory);
}

/* --- str and bytes --- */

static bool
hex_escape(struct rp_lexer *lexer, size_t count, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (size_t i = 0; i < count; i++) {
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

bool
rp_lexer_escape(struct rp_lexer *lexer, bool bytes, struct rp_buf *out)
{
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    int c = peek(lexer, 0);
    const char *simple = c ? strchr(from, c) : NULL;
    uint32_t code = 0;
    if (c == '\n') { /* the line goes on */
        lexer->off++;
        return true;
    }
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
    else if (c == 'N' && !bytes) {
        return rp_expr_fail(lexer->error, lexer->off,
                            "characters by name (\\N) are not supported");
    }
    else {
        rp_buf_add_string(out, "\\");
        return true;
    }
    char text[4] = {(char)code};
    rp_buf_add(out, text, bytes ? 1 : rp_utf8_put(code, text));
    return true;
}

/* Finds the end of a string whose first quote is at lexer->off. */
static bool
string_body(struct rp_lexer *lexer, struct rp_token *token)
{
    int quote = peek(lexer, 0);
    bool triple = peek(lexer, 1) == quote && peek(lexer, 2) == quote;
    lexer->off += triple ? 3 : 1;
    size_t begin = lexer->off;
    for (;; lexer->off++) {
        int c = peek(lexer, 0);
        if (lexer->off >= lexer->text.len || (c == '\n' && !triple)) {
            return rp_expr_fail(lexer->error, token->column, "the string has no end");
        }
        if (c == quote
            && (!triple || (peek(lexer, 1) == quote && peek(lexer, 2) == quote))) {
            break;
        }
        lexer->off += c == '\\';
    }
    token->text = (struct tf_text){lexer->text.data + begin, lexer->off - begin};
    lexer->off += triple ? 3 : 1;
    return true;
}

/* token->text without its escapes. */
static bool
unescape(struct rp_lexer *lexer, const struct rp_token *token, bool bytes,
         struct rp_buf *out)
{
    size_t begin = (size_t)(token->text.data - lexer->text.data);
    struct rp_lexer inside = {
        {lexer->text.data, begin + token->text.len}, begin, lexer->error};
    while (inside.off < inside.text.len) {
        unsigned char c = (unsigned char)inside.text.data[inside.off];
        if (bytes && c >= 0x80) {
            return rp_expr_fail(lexer->error, token->column,
                                "bytes can only contain ASCII literal characters");
        }
        inside.off++;
        if (c != '\\' || token->raw) {
            rp_buf_add(out, (const char *)&c, 1);
        }
        else if (!rp_lexer_escape(&inside, bytes, out)) {
            return false;
        }
    }
    return true;
}

static bool
lex_string(struct rp_lexer *lexer, struct rp_token *token, bool bytes)
{
    struct rp_buf out = RP_BUF_INIT;
    if (!string_body(lexer, token)) {
        return false;
    }
    token->kind = RP_TOK_LITERAL;
    if (!unescape(lexer, token, bytes, &out)) {
        rp_buf_release(&out);
        return false;
    }
    bool fine = !out.failed
                && rp_value_set_text(&token->value, bytes ? TF_VAL_BYTES : TF_VAL_STR,
                                     out.data ? out.data : "", out.len);
    rp_buf_release(&out);
    return fine || rp_expr_fail(lexer->error, token->column, "out of memory");
}

/* --- Names, strings with a prefix, operators --- */

/* b, r, u, f and their pairs. */
static bool
is_prefix(struct tf_text text)
{
    static const char *const prefixes[] = {"b", "r", "u", "f", "br", "rb", "fr", "rf"};
    char lower[3] = {0};
    for (size_t i = 0; i < text.len && i < 2; i++) {
        lower[i] = (char)tolower((unsigned char)text.data[i]);
    }
    bool found = false;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        found |= text.len <= 2 && strcmp(lower, prefixes[i]) == 0;
    }
    return found;
}

static bool
has_letter(struct tf_text text, char letter)
{
    return memchr(text.data, letter, text.len)
           || memchr(text.data, toupper(letter), text.len);
}

static bool
lex_name(struct rp_lexer *lexer, struct rp_token *token)
{
    size_t begin = lexer->off;
    while (is_name_char(peek(lexer, 0))) {
        lexer->off++;
    }
    struct tf_text text = {lexer->text.data + begin, lexer->off - begin};
    token->kind = RP_TOK_NAME;
    token->text = text;
    int quote = peek(lexer, 0);
    if ((quote != '\'' && quote != '"') || !is_prefix(text)) {
        return true;
    }
    token->raw = has_letter(text, 'r');
    if (has_letter(text, 'f')) {
        token->kind = RP_TOK_FSTRING;
        return string_body(lexer, token);
    }
    return lex_string(lexer, token, has_letter(text, 'b'));
}

static bool
lex_op(struct rp_lexer *lexer, struct rp_token *token)
{
    static const char *const ops[] = {
        "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-",
        "*",  "/",  "%",  "&",  "|",  "^",  "~",  "<",  ">", "(",
        ")",  "[",  "]",  ",",  ":",  ".",  "=",  "{",  "}", "!"};
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
    return rp_expr_fail(lexer->error, token->column,
                        isprint(c) ? "'%c' has no meaning here"
                                   : "a byte 0x%02x has no meaning here",
                        c);
}

bool
rp_lexer_next(struct rp_lexer *lexer, struct rp_token *ret_token)
{
    while (peek(lexer, 0) && strchr(" \t\r\n\f", peek(lexer, 0))) {
        lexer->off++;
    }
    *ret_token = (struct rp_token){.kind = RP_TOK_END, .column = lexer->off};
    int c = peek(lexer, 0);
    bool fine = true;
    if (lexer->off >= lexer->text.len) {
        fine = true;
    }
    else if (isdigit(c) || (c == '.' && isdigit(peek(lexer, 1)))) {
        fine = lex_number(lexer, ret_token);
    }
    else if (c == '\'' || c == '"') {
        fine = lex_string(lexer, ret_token, false);
    }
    else if (is_name_char(c)) {
        fine = lex_name(lexer, ret_token);
    }
    else if (c == '.' && peek(lexer, 1) == '.' && peek(lexer, 2) == '.') {
        ret_token->kind = RP_TOK_LITERAL;
        ret_token->value.kind = TF_VAL_ELLIPSIS;
        lexer->off += 3;
    }
    else {
        fine = lex_op(lexer, ret_token);
    }
    ret_token->end = lexer->off;
    return fine;
}
