/*
 * #! scripts. Source: execve(2), "Interpreter scripts".
 */
#include "exec.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <fs/path.h>

#define LINE_MAX 256u /* BINPRM_BUF_SIZE */

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Finds the interpreter and its one argument in the line; both are zero-terminated in place. */
static bool parse(char *line, char **interpreter, char **argument)
{
    char *p = line + 2, *end;

    while (blank(*p))
        p++;
    if (!*p)
        return false;
    *interpreter = p;
    while (*p && !blank(*p))
        p++;
    *argument = NULL;
    if (*p) {
        *p++ = 0;
        while (blank(*p))
            p++;
        if (*p)
            *argument = p;
    }
    if (*argument) {
        for (end = *argument + strlen(*argument); end > *argument && blank(end[-1]); end--)
            ;
        *end = 0;
    }
    return true;
}

int64_t script_apply(struct task *t, struct exec_request *request)
{
    char line[LINE_MAX + 1], *interpreter, *argument, *newline;
    const char *with[3];
    struct walk *w;
    struct file *f;
    unsigned n = 0;
    int64_t got = exec_read(request->file, line, LINE_MAX, 0), err;

    if (got < 0)
        return got;
    if (got < 2 || line[0] != '#' || line[1] != '!')
        return 0;
    line[got] = 0;
    if (request->hidden)
        return -ENOENT;
    newline = memchr(line, '\n', (size_t)got);
    if (newline)
        *newline = 0;
    if (!parse(line, &interpreter, &argument))
        return -ENOEXEC;
    if (!newline && got == LINE_MAX && !argument)
        return -ENOEXEC; /* the interpreter's path may be cut off */
    with[n++] = interpreter;
    if (argument)
        with[n++] = argument;
    with[n++] = request->interpreter[0] ? request->interpreter : request->path;
    err = exec_replace_first(&request->strings, with, n);
    if (err)
        return err;
    err = path_begin_kernel(t, interpreter, &w);
    if (err)
        return err;
    err = exec_open(w, true, &f);
    path_end(w);
    if (err)
        return err;
    file_put(request->file);
    request->file = f;
    memcpy(request->interpreter, interpreter, strlen(interpreter) + 1); /* shorter than LINE_MAX */
    return 1;
}
