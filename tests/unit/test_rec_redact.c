/* Which names are secret, and command lines without their secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rec_redact.h"

static const struct tf_rules *
rules(void)
{
    static struct tf_rules *built_in;
    if (built_in == NULL) {
        built_in = tf_rules_new(true);
    }
    return built_in;
}

static bool
is_secret(const char *name, size_t len)
{
    return rec_redact_name(rules(), name, len);
}

static const char *const SECRET[] = {
    "password",
    "Password",
    "PASSWORD",
    "passwords",
    "passwd",
    "pwd",
    "secret",
    "secrets",
    "token",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "authorization",
    "passphrase",
    "_password",
    "__password__",
    "password_",
    "password2",
    "password_hash",
    "db_password",
    "DB_PASSWORD",
    "DATABASE_PASSWORD_2",
    "userPassword",
    "passwordHash",
    "oldPassword1",
    "PGPASSWORD",
    "dbpassword",
    "passWord",
    "new-password",
    "password.confirm",
    "user password",
    "self.password",
    "api_key",
    "apiKey",
    "APIKey",
    "HTTPCookie",
    "AWSSecret",
    "API_KEY",
    "apikey",
    "X-Api-Key",
    "api-keys",
    "private_key",
    "privateKey",
    "rsa_private_key",
    "access_key",
    "AWS_SECRET_ACCESS_KEY",
    "aws_access_key_id",
    "secret_key",
    "SECRET_KEY",
    "signing_key",
    "session_key",
    "auth_token",
    "authToken",
    "authtoken",
    "access_token",
    "access_tokens",
    "refreshToken",
    "id_token",
    "csrf_token",
    "CSRFToken",
    "GITHUB_TOKEN",
    "token2",
    "token_value",
    "tokenHash",
    "client_secret",
    "clientSecret",
    "Authorization",
    "Proxy-Authorization",
    "Set-Cookie",
    "session_cookie",
    "cookieJar",
    "jwt",
    "bearer",
    "db_pass",
    "smtpPass",
    "http_auth",
    "basicAuth",
    "sessionid",
    "htpasswd",
    "\xc3\xa9_password",
};

static const char *const PLAIN[] = {
    "",
    "a",
    "company",
    "author",
    "authors",
    "authority",
    "span",
    "passed",
    "passes",
    "bypass",
    "passenger",
    "compass",
    "first_pass",
    "pass_count",
    "tokenizer",
    "tokenize",
    "tokens",
    "tokens_per_second",
    "token_count",
    "token_type",
    "max_tokens",
    "detokenize",
    "keyboard",
    "key",
    "keys",
    "keyword",
    "key_function",
    "sort_key",
    "primary_key",
    "foreign_key",
    "monkey",
    "hockey_api",
    "api",
    "api_version",
    "access",
    "accessor",
    "private",
    "private_method",
    "secretary",
    "secretariat",
    "cookiecutter",
    "cooking",
    "auth",
    "authenticated",
    "oauth",
    "word",
    "words",
    "swordfish",
    "crossword",
    "wordpass",
    "user",
    "username",
    "login",
    "session",
    "hash",
    "salt",
    "pin",
    "pwdx",
    "cwd",
    "expwd",
    "self",
    "jwtx",
    "credit",
    "barrier",
    "x-request-id",
    "12345",
    "___",
    "\xff\xfe\xfd",
};

static void
knows_secret_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SECRET / sizeof *SECRET; i++) {
        if (!is_secret(SECRET[i], strlen(SECRET[i]))) {
            fail_msg("'%s' should be secret", SECRET[i]);
        }
    }
}

static void
leaves_plain_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++) {
        if (is_secret(PLAIN[i], strlen(PLAIN[i]))) {
            fail_msg("'%s' should not be secret", PLAIN[i]);
        }
    }
}

static void
looks_at_the_given_length_only(void **state)
{
    (void)state;
    assert_false(is_secret("tokenizer", 4));
    assert_true(is_secret("tokenizer", 5));
    assert_true(is_secret("passwordless", 8));
    assert_true(is_secret("a\0password", 10));
}

static void
a_long_text_is_no_name(void **state)
{
    (void)state;
    char text[300];
    memset(text, ' ', sizeof text);
    memcpy(text, "password", 8);
    assert_true(is_secret(text, REC_REDACT_NAME_BYTES));
    assert_false(is_secret(text, REC_REDACT_NAME_BYTES + 1));
}

static void
reads_no_byte_outside(void **state)
{
    (void)state;
    /* every byte value on either side of a word: for a run under a sanitizer */
    for (int before = 0; before < 256; before++) {
        char text[12];
        int len = snprintf(text, sizeof text, "%cpassword%c", 'x', 'x');
        text[0] = (char)before;
        text[9] = (char)before;
        is_secret(text, (size_t)len);
        is_secret(text, 1);
    }
}

static void
redacts_command_lines(void **state)
{
    (void)state;
    static const char *const TYPED[] = {
        "python3",
        "app.py",
        "--password",
        "hunter2",
        "--token=abc",
        "-password=abc",
        "--user",
        "me",
        "api_key=abc",
        "Authorization: Bearer abc",
        "--no-secret",
        "--flag",
        "https://me:pw@host/path?x=1",
        "https://me@host/",
        "https://host:80/a@b",
        "--url=postgres://u:p@q@db/x",
        "--tokens-per-second=5",
        "--author=me",
        "password",
        "--secret",
        "",
        "key=1",
        "x.password='it'; print()",
        "import os\npassword = 'not a name before the sign'",
        "--cookie",
    };
    static const char *const SHOWN[] = {
        "python3",
        "app.py",
        "--password",
        "<redacted>",
        "--token=<redacted>",
        "-password=<redacted>",
        "--user",
        "me",
        "api_key=<redacted>",
        "Authorization: <redacted>",
        "--no-secret",
        "--flag",
        "https://me:<redacted>@host/path?x=1",
        "https://me@host/",
        "https://host:80/a@b",
        "--url=postgres://u:<redacted>@db/x",
        "--tokens-per-second=5",
        "--author=me",
        "password",
        "--secret",
        "<redacted>",
        "key=1",
        "x.password=<redacted>",
        "import os\npassword = 'not a name before the sign'",
        "--cookie",
    };
    size_t count = sizeof TYPED / sizeof *TYPED;
    char **shown = tf_redact_argv(rules(), (char *const *)TYPED, count);
    assert_non_null(shown);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(shown[i], SHOWN[i]);
    }
    assert_null(shown[count]);
    tf_redact_argv_free(shown);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_secret_names),
        cmocka_unit_test(leaves_plain_names),
        cmocka_unit_test(looks_at_the_given_length_only),
        cmocka_unit_test(a_long_text_is_no_name),
        cmocka_unit_test(reads_no_byte_outside),
        cmocka_unit_test(redacts_command_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
