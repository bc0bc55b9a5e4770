/*
 * pid 1 of the Linux side: runs one command or the shell, reaps orphans, reports, powers off.
 *
 * An unmodified Linux program, static, used the same on our linuxserver and in the reference guest.
 *
 * In:    pid1 [--env NAME=VALUE]... [--cwd DIR] [--levels SPEC] [--] [COMMAND ARG...]
 *        fds 0, 1 and 2 are the command's; fd 3 is the control port, where it writes one line:
 *        "exit N" with the command's status, or "fail SENTENCE" when nothing could be started.
 * Life:  fork the command in a session of its own (which takes the terminal, if fd 0, 1 or 2 is
 *        one), wait for any child until that one ends, report, power the machine off. BusyBox's
 *        poweroff, halt and reboot signal us; each ends the run with status 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL = 3, CANNOT_RUN = 126, NOT_FOUND = 127 };

static const char shell[] = "/bin/sh";

/* What a child that could not run its program tells us through a pipe. */
struct failure {
    int error;
    char problem[256]; /* why it cannot have its levels, or "" */
};

static const char *levels; /* personalities that the command asks for, or NULL */

static void report(const char *line)
{
    size_t len = strlen(line), done = 0;

    while (done < len) {
        ssize_t n = write(CONTROL, line + done, len - done);
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0)
            done += (size_t)n;
    }
}

/* Async-signal-safe: it is also the end of the poweroff signals' handler. */
static _Noreturn void power_off(const char *line)
{
    report(line);
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

static void on_power_signal(int number)
{
    (void)number;
    power_off("exit 0\n");
}

/* What would stop or end an ordinary process must not end the first one. */
static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTTIN, SIGTTOU, SIGTSTP};
static const int power[] = {SIGUSR1, SIGUSR2, SIGTERM};

static void set_all(const int *numbers, size_t count, void (*handler)(int))
{
    for (size_t i = 0; i < count; i++)
        signal(numbers[i], handler);
}

#define SET_ALL(numbers, handler) set_all(numbers, sizeof(numbers) / sizeof((numbers)[0]), handler)

static void take_terminal(void)
{
    setsid();
    for (int fd = 0; fd <= 2; fd++)
        if (isatty(fd)) {
            ioctl(fd, TIOCSCTTY, 0);
            return;
        }
}

/*
 * Becomes `argv`, found through PATH; a file without a format that the kernel knows is a shell
 * script, as in sh. Comes back only when that failed, with errno.
 */
static void become(char **argv)
{
    size_t count = 0;

    execvp(argv[0], argv);
    if (errno != ENOEXEC)
        return;
    while (argv[count])
        count++;
    char **script = calloc(count + 2, sizeof *script);
    if (!script)
        return;
    script[0] = "sh";
    for (size_t i = 0; i < count; i++)
        script[i + 1] = argv[i];
    execv(shell, script);
}

/* Asks for the levels: from here on they see what this process does. False: *f says why not. */
static bool take_levels(struct failure *f)
{
    int fd = open("/proc/personalities", O_RDWR);
    char text[sizeof f->problem] = "";
    const char *told = text;

    if (fd >= 0 && write(fd, levels, strlen(levels)) > 0) {
        close(fd);
        return true;
    }
    f->error = errno;
    if (fd >= 0 && pread(fd, text, sizeof text - 1, 0) > 0 && !strncmp(text, "problem: ", 9)) {
        told += 9;
        text[strcspn(text, "\n")] = 0;
    } else {
        told = strerror(f->error);
    }
    snprintf(f->problem, sizeof f->problem, "%s", told);
    return false;
}

static _Noreturn void tell_failure(int told, const struct failure *failure)
{
    if (write(told, failure, sizeof *failure) < 0)
        _exit(CANNOT_RUN);
    _exit(failure->error == ENOENT || failure->error == ENOTDIR ? NOT_FOUND : CANNOT_RUN);
}

static _Noreturn void run_child(char **argv, int told)
{
    struct failure failure = {0};

    SET_ALL(ignored, SIG_DFL);
    SET_ALL(power, SIG_DFL);
    take_terminal();
    close(CONTROL);
    if (levels && !take_levels(&failure))
        tell_failure(told, &failure);
    if (argv[0]) {
        become(argv);
    } else {
        /* On a terminal a login shell, which reads /etc/profile; otherwise a script's reader. */
        char *const login[] = {"-sh", NULL}, *const plain[] = {"sh", NULL};
        execv(shell, isatty(0) ? login : plain);
    }
    failure.error = errno;
    tell_failure(told, &failure);
}

static int wait_for(pid_t child)
{
    int status;

    for (;;) {
        pid_t pid = wait4(-1, &status, 0, NULL);
        if (pid == child)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (pid < 0 && errno != EINTR)
            return CANNOT_RUN;
    }
}

static char **parse(int argc, char **argv)
{
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--"))
            return argv + i + 1;
        if (i + 1 < argc && !strcmp(argv[i], "--env"))
            putenv(argv[++i]);
        else if (i + 1 < argc && !strcmp(argv[i], "--levels"))
            levels = argv[++i];
        else if (i + 1 < argc && !strcmp(argv[i], "--cwd") && chdir(argv[++i]) != 0)
            continue; /* as login does: stay in / */
    }
    return argv + i;
}

int main(int argc, char **argv)
{
    char line[320];
    struct failure failure;
    int told[2];
    char **command = parse(argc, argv);

    fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    SET_ALL(ignored, SIG_IGN);
    SET_ALL(power, on_power_signal);
    if (pipe2(told, O_CLOEXEC) != 0)
        power_off("fail pid 1 could not make a pipe\n");

    pid_t child = fork();
    if (child < 0)
        power_off("fail pid 1 could not fork\n");
    if (child == 0)
        run_child(command, told[1]);
    close(told[1]);
    if (read(told[0], &failure, sizeof failure) == (ssize_t)sizeof failure) {
        if (*failure.problem) {
            snprintf(line, sizeof line, "fail %s\n", failure.problem);
            power_off(line);
        }
        if (!command[0]) {
            snprintf(line, sizeof line, "fail the root has no shell that runs: %s: %s\n", shell,
                     strerror(failure.error));
            power_off(line);
        }
        dprintf(2, "%s: %s\n", command[0],
                failure.error == ENOENT ? "not found" : strerror(failure.error));
    }
    close(told[0]);
    snprintf(line, sizeof line, "exit %d\n", wait_for(child));
    power_off(line);
}
