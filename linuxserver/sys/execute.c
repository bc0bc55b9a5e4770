/*
 * execve and execveat.
 */
#include "sys.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/open.h>
#include <signal.h>
#include <task/exec.h>

#define DEV_FD_SIZE 24ul

/* The program's name: its path, or what leads to it from the descriptor. NULL: no memory. */
static char *name_of(const struct walk *w, int dirfd)
{
    char *name = rt_zalloc(w->length + DEV_FD_SIZE);

    if (name && w->length && (dirfd == AT_FDCWD || w->path[0] == '/'))
        memcpy(name, w->path, w->length);
    else if (name)
        rt_format(name, w->length + DEV_FD_SIZE, w->length ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd,
                  w->path);
    return name;
}

static int64_t execute(struct task *t, int dirfd, uint64_t path, uint64_t argv, uint64_t envp,
                       uint32_t flags)
{
    struct exec_request request = {.strings.limit = exec_strings_limit(t)};
    struct walk *w;
    int64_t err = path_begin(t, dirfd, path, flags & AT_EMPTY_PATH, &w);

    if (err)
        return err;
    request.path = name_of(w, dirfd);
    request.hidden = dirfd >= 0 && w->path[0] != '/' && fd_get_flags(t, dirfd) > 0;
    err = request.path ? exec_open(w, !(flags & AT_SYMLINK_NOFOLLOW), &request.file) : -ENOMEM;
    path_end(w);
    if (!err)
        err = exec_read_strings(t, argv, &request.strings, &request.strings.argc);
    if (!err && !request.strings.argc) {
        /* Linux gives an empty argv one empty string. */
        err = exec_add_string(&request.strings, "", 0);
        request.strings.argc = 1;
    }
    if (!err)
        err = exec_read_strings(t, envp, &request.strings, &request.strings.envc);
    if (!err)
        err = exec_strings_fit(&request.strings, strlen(request.path) + 1);
    if (!err)
        err = task_exec(t, &request);
    file_put(request.file);
    rt_free(request.path);
    rt_free(request.strings.data);
    if (!err)
        t->outcome->answer = ANSWER_RESUME;
    return err;
}

int64_t sys_execve(struct task *t, const uint64_t *a)
{
    return execute(t, AT_FDCWD, a[0], a[1], a[2], 0);
}

int64_t sys_execveat(struct task *t, const uint64_t *a)
{
    if (a[4] & ~(uint64_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    return execute(t, (int)a[0], a[1], a[2], a[3], (uint32_t)a[4]);
}
