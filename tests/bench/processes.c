/* Rows: processes made and ended. */
#define _GNU_SOURCE
#include "bench.h"

#include <sys/wait.h>
#include <unistd.h>

static const char loop[] = "i=0; while [ $i -lt 200 ]; do /bin/true; i=$((i+1)); done";

static void reap(pid_t pid)
{
    int status;

    NEED(pid > 0 && waitpid(pid, &status, 0) == pid);
    NEED(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void fork_exit_wait(unsigned long n)
{
    while (n--) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        reap(pid);
    }
}

static void vfork_exec_tiny(unsigned long n)
{
    char *const argv[] = {"tiny", NULL};

    while (n--) {
        pid_t pid = vfork();
        if (pid == 0) {
            execve("/bench/tiny", argv, argv + 1);
            _exit(127);
        }
        reap(pid);
    }
}

static void fork_exec(unsigned long n, const char *path, char *const argv[])
{
    char *const env[] = {"PATH=/bin", NULL};

    while (n--) {
        pid_t pid = fork();
        if (pid == 0) {
            execve(path, argv, env);
            _exit(127);
        }
        reap(pid);
    }
}

static void fork_exec_busybox(unsigned long n)
{
    char *const argv[] = {"busybox", "true", NULL};

    fork_exec(n, "/bin/busybox", argv);
}

static void sh_200_true(unsigned long n)
{
    char *const argv[] = {"sh", "-c", (char *)loop, NULL};

    fork_exec(n, "/bin/sh", argv);
}

const struct row process_rows[] = {
    {.name = "fork_exit_wait", .run = fork_exit_wait},
    {.name = "vfork_exec_tiny", .run = vfork_exec_tiny},
    {.name = "fork_exec_busybox", .run = fork_exec_busybox},
    {.name = "sh_200_true", .run = sh_200_true},
    {0},
};
