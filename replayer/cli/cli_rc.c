#include "cli_rc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_session.h"

#define RC_NAME "~/.pyreplayrc"

char *
cli_home_path(const char *name)
{
    const char *home = getenv("HOME");
    char *path;
    if (!home || *home != '/' || asprintf(&path, "%s/%s", home, name) < 0) {
        return NULL;
    }
    return path;
}

/* NULL: there is none, or it is not ours to trust (then it says so). */
static FILE *
open_rc(struct cli_session *session)
{
    struct stat st;
    char *path = cli_home_path(strrchr(RC_NAME, '/') + 1);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
    FILE *file = NULL;
    free(path);
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        cli_refuse(session, RC_NAME " is not read: it is no plain file");
    }
    else if ((st.st_uid != geteuid() && st.st_uid != 0) || st.st_mode & S_IWOTH) {
        cli_refuse(session, RC_NAME " is not read: somebody else may write to it");
    }
    else {
        file = fdopen(fd, "r");
    }
    if (!file) {
        close(fd);
    }
    return file;
}

enum cli_answer
cli_rc_run(struct cli_session *session)
{
    enum cli_answer answer = CLI_YES;
    char *line = NULL;
    size_t cap = 0, lineno = 0;
    FILE *file = open_rc(session);
    while (file && answer != CLI_QUIT && getline(&line, &cap, file) >= 0) {
        lineno++;
        line[strcspn(line, "\r\n")] = 0;
        if (!line[strspn(line, " \t")]) {
            continue;
        }
        answer = cli_session_line(session, line);
        if (answer == CLI_NO) {
            cli_refuse(session, "   (" RC_NAME ", line %zu)", lineno);
        }
    }
    if (file) {
        fclose(file);
    }
    free(line);
    free(session->repeat); /* an empty line at the prompt is no step of the file's */
    session->repeat = NULL;
    return answer;
}
