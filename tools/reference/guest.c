/*
 * The guest's pid 1 in a pid namespace of its own, so that the first stage's processes are not
 * seen, counted or killed, and a power-off ends the namespace and not, yet, the machine.
 */
#define _GNU_SOURCE
#include "stage1.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_or_give_up(const char *kind, const char *where, const char *options)
{
    mkdir(where, 0755);
    if (mount(kind, where, kind, MS_NOSUID, options) != 0)
        give_up(where);
}

static void enter_root(const char *root)
{
    if (chdir(root) != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 ||
        chdir("/") != 0)
        give_up("the new root");
    mount_or_give_up("devtmpfs", "/dev", NULL);
    mount_or_give_up("devpts", "/dev/pts", "ptmxmode=0666");
    mount_or_give_up("proc", "/proc", NULL);
    mount_or_give_up("sysfs", "/sys", NULL);
    symlink("/proc/self/fd", "/dev/fd");
    chmod("/dev/ttyS0", 0666);
}

static void set_fds(const int fds[STANDARD_FDS + 1])
{
    int high[STANDARD_FDS + 1];

    for (int i = 0; i <= STANDARD_FDS; i++)
        high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 20);
    for (int i = 0; i <= STANDARD_FDS; i++)
        dup2(high[i], i);
}

static _Noreturn void become_pid1(const struct config *config, const char *root,
                                  const int fds[STANDARD_FDS + 1])
{
    char *argv[ARGS_MAX + 2] = {"/pid1", "--"};
    int program = open("/pid1", O_RDONLY | O_CLOEXEC);

    if (program < 0)
        give_up("/pid1");
    memcpy(argv + 2, config->argv, config->argc * sizeof *argv);
    enter_root(root);
    set_fds(fds);
    setsid();
    signal(SIGPIPE, SIG_DFL);
    if (chdir(config->cwd) != 0 && chdir("/") != 0)
        give_up("chdir");
    syscall(SYS_execveat, program, "", argv, config->env, AT_EMPTY_PATH);
    give_up("exec of pid 1");
}

int guest_run(const struct config *config, const char *root, const int fds[STANDARD_FDS + 1])
{
    int status;
    pid_t pid;

    if (unshare(CLONE_NEWPID) != 0)
        give_up("a pid namespace");
    if ((pid = fork()) < 0)
        give_up("fork");
    if (pid == 0)
        become_pid1(config, root, fds);
    for (int i = 0; i <= STANDARD_FDS; i++)
        close(fds[i]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}
