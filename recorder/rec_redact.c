#include "rec_redact.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

bool
rec_redact_name(const struct tf_rules *rules, const char *utf8, size_t len)
{
    return rules != NULL && tf_rules_name(rules, utf8, len);
}

static bool
is_one_of(const char *const *list, const char *utf8, size_t len)
{
    for (; *list != NULL; list++) {
        if (strlen(*list) == len && memcmp(*list, utf8, len) == 0) {
            return true;
        }
    }
    return false;
}

bool
rec_redact_is_key(const char *utf8, size_t len)
{
    static const char *const NAMES[] = {"key",    "k",        "name",  "member_name",
                                        "attr",   "attrname", "field", "fieldname",
                                        "option", "header",   "var",   "varname",
                                        "param",  "setting",  NULL};
    return len > 0 && is_one_of(NAMES, utf8, len);
}

bool
rec_redact_is_value(const char *utf8, size_t len)
{
    static const char *const NAMES[] = {"value", "val", "v", "default",
                                        "new",   "old", NULL};
    return len > 0 && is_one_of(NAMES, utf8, len);
}
