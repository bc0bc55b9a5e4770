/*
 * The first program. See launch.h.
 *
 * Life:  init calls launch() once; the program runs as pid 1; when it ends, or asks for a reboot, status() changes and
 *        init's event is raised.
 * Locks: `state` is written once after launch, by the last task or by reboot(2); init reads it after the event.
 */
#include "launch.h"

#include <ipc/console_client.h>
#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/log.h>
#include <jg/rt/string.h>

#include <fs/device.h>
#include <fs/inode.h>
#include <fs/mounts.h>
#include <fs/open.h>
#include <fs/path.h>
#include <fs/tty.h>
#include <server.h>
#include <signal.h>

#include "exec.h"
#include "levels.h"

static struct {
    bool started;
    uint32_t state, code;
} status;

static void tell(uint32_t state, uint32_t code)
{
    status.code = code;
    __atomic_store_n(&status.state, state, __ATOMIC_RELEASE);
    jg_event_raise(server.status, PERSONALITY_EVENT_CHANGED);
}

void launch_ended(int wait_status)
{
    if (status.state != PERSONALITY_STATE_RUNNING)
        return;
    if (wait_status & 0x7f)
        tell(PERSONALITY_STATE_KILLED, (uint32_t)wait_status & 0x7f);
    else
        tell(PERSONALITY_STATE_EXITED, (uint32_t)wait_status >> 8 & 0xff);
}

void launch_power(bool restart)
{
    if (status.state == PERSONALITY_STATE_RUNNING)
        tell(restart ? PERSONALITY_STATE_RESTART : PERSONALITY_STATE_POWER_OFF, 0);
}

static struct inode *root_inode(jg_handle_t session)
{
    struct vfs_attr attr;

    if (vfs_getattr(session, VFS_ROOT_NODE, &attr))
        return NULL;
    attr.node = VFS_ROOT_NODE;
    return inode_of(session, &attr);
}

static int add_standard(struct task *t, uint32_t kind, int fd, uint32_t stream, uint32_t flags)
{
    struct file *f = NULL;
    int r;

    if (kind == PERSONALITY_STDIO_NONE)
        return 0;
    f = kind == PERSONALITY_STDIO_TTY ? tty_standard(t) : stream_open(stream, flags);
    if (!f)
        return -ENOMEM;
    r = fd_install_at(t, f, fd, false);
    if (r < 0)
        file_put(f);
    return r < 0 ? r : 0;
}

static int add_descriptors(struct task *t, const struct personality_standard *io)
{
    int err = add_standard(t, io->input, 0, CONSOLE_STREAM_STDIN, O_RDONLY);

    if (!err)
        err = add_standard(t, io->output, 1, CONSOLE_STREAM_STDOUT, O_WRONLY);
    if (!err)
        err = add_standard(t, io->error, 2, CONSOLE_STREAM_STDERR, O_WRONLY);
    if (!err)
        err = add_standard(t, PERSONALITY_STDIO_STREAM, 3, CONSOLE_STREAM_CONTROL, O_WRONLY);
    return err;
}

/* The next zero-terminated string of the launch text; NULL when it is cut short. */
static const char *next_string(const char **at, const char *end)
{
    const char *s = *at, *zero = s < end ? memchr(s, 0, (size_t)(end - s)) : NULL;

    if (!zero)
        return NULL;
    *at = zero + 1;
    return s;
}

/* Opens the program in the system tree: the task's root is that tree until the program runs. */
static int64_t open_program(struct task *t, const char *path, struct exec_request *request)
{
    struct walk *w;
    int64_t err;

    request->path = (char *)(uintptr_t)path;
    err = path_begin_kernel(t, path, &w);
    if (err)
        return err;
    err = exec_open(w, true, &request->file);
    path_end(w);
    return err;
}

static int64_t set_directory(struct task *t, const char *cwd)
{
    struct inode *root = root_inode(server.vfs), *dir = NULL;
    struct walk *w;

    if (!root)
        return -ENOMEM;
    inode_put(t->fs->root);
    inode_put(t->fs->cwd);
    t->fs->root = root;
    t->fs->cwd = inode_get(root);
    if (path_begin_kernel(t, cwd, &w))
        return 0;
    if (!path_inode(w, true, &dir)) {
        if (mode_is(dir->mode, S_IFDIR)) {
            inode_put(t->fs->cwd);
            t->fs->cwd = dir;
        } else {
            inode_put(dir);
        }
    }
    path_end(w);
    return 0;
}

static int64_t exec_first(struct task *t, const char *text, size_t size, uint32_t argc,
                          uint32_t envc)
{
    const char *at = text, *end = text + size, *path = next_string(&at, end), *s;
    struct exec_request request = {.strings.limit = exec_strings_limit(t)};
    int64_t err;

    if (!path)
        return -EINVAL;
    for (uint32_t i = 0; i < argc + envc; i++) {
        s = next_string(&at, end);
        err = s ? exec_add_string(&request.strings, s, strlen(s)) : -EINVAL;
        if (err)
            goto out;
    }
    request.strings.argc = argc;
    request.strings.envc = envc;
    s = next_string(&at, end);
    err = s ? open_program(t, path, &request) : -EINVAL;
    if (!err) {
        err = task_exec(t, &request);
        if (!err)
            err = set_directory(t, s);
    }
    if (request.file)
        file_put(request.file);
out:
    rt_free(request.strings.data);
    return err;
}

static const char *reason(int64_t err)
{
    switch (err) {
    case -ENOENT:
        return "the system tree has no such program";
    case -ENOMEM:
        return "there is too little memory";
    case -ENOEXEC:
        return "it is no program for this machine";
    default:
        return "it cannot be executed";
    }
}

static int32_t start(const struct personality_standard *io, uint32_t argc, uint32_t envc,
                     const char *text, size_t size, char *problem, size_t problem_size)
{
    struct task *t = worker_reserve() ? NULL : task_create_first();
    struct inode *system = t ? root_inode(server.system) : NULL;
    int64_t err;

    if (system)
        t->fs = fs_create(system, inode_get(system));
    if (!t || !system || !t->fs || add_descriptors(t, io)) {
        rt_format(problem, problem_size, "there is too little memory for the first program");
        return PERSONALITY_ERROR_NO_MEMORY;
    }
    err = exec_first(t, text, size, argc, envc);
    if (!err)
        err = mount_first(t);
    if (!err)
        err = task_start(t);
    if (err) {
        rt_format(problem, problem_size, "%s: %s (%ld)", text, reason(err), err);
        return err == -ENOENT   ? PERSONALITY_ERROR_NO_PROGRAM
               : err == -ENOMEM ? PERSONALITY_ERROR_NO_MEMORY
                                : PERSONALITY_ERROR_BAD_PROGRAM;
    }
    return 0;
}

static int32_t op_launch(struct personality_call *call, const struct personality_standard *io,
                         uint32_t argc, uint32_t envc, struct jg_window text, char *problem,
                         size_t problem_size, size_t *problem_len)
{
    char *copy;
    int32_t r;

    if (call->key != KEY_CONTROL)
        return PERSONALITY_ERROR_INVAL;
    if (status.started)
        return PERSONALITY_ERROR_BUSY;
    copy = rt_zalloc(text.size + 1);
    if (!copy)
        return PERSONALITY_ERROR_NO_MEMORY;
    r = jg_window_read(&text, 0, copy, text.size);
    if (!r) {
        status.started = true;
        r = start(io, argc, envc, copy, text.size, problem, problem_size);
    }
    *problem_len = strnlen(problem, problem_size);
    rt_free(copy);
    return r;
}

static int32_t op_status(struct personality_call *call, uint32_t *what, uint32_t *code,
                         char *problem, size_t problem_size, size_t *problem_len)
{
    (void)call, (void)problem, (void)problem_size;
    *problem_len = 0;
    if (!status.started)
        return PERSONALITY_ERROR_NOT_STARTED;
    *what = __atomic_load_n(&status.state, __ATOMIC_ACQUIRE);
    *code = status.code;
    return 0;
}

const struct personality_ops launch_ops = {
    .launch = op_launch,
    .status = op_status,
    .next_request = levels_next_request,
    .add_level = levels_add,
    .end_request = levels_end_request,
    .end_stack = levels_end_stack,
    .show = levels_show,
};
