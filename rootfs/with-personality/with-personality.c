/*
 * with-personality: runs one program under other personalities, while the rest of the system goes on.
 *
 * An ordinary static Linux program; root file systems get it as /usr/bin/with-personality.
 *
 * In:    with-personality SPEC [--] COMMAND [ARG...]; see usage().
 * Life:  the child writes SPEC to /proc/personalities, which puts it and all its descendants under them, and
 *        becomes COMMAND. What the personalities say goes to a file without a name that lasts, whose end we
 *        follow and copy to our stderr, until the last descendant has gone (we are their reaper). Signals that
 *        we get are the child's, its stops are ours, and so is its status.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 125, CANNOT_RUN = 126, NOT_FOUND = 127, SPEC_MAX = 1024, STEP_NS = 5000000 };

static const char control[] = "/proc/personalities";
static char report_path[64];
static int report_fd = -1;
static volatile pid_t child;

static void usage(FILE *to)
{
    fprintf(to, "usage: with-personality SPEC [--] COMMAND [ARG...]\n"
                "       with-personality --list\n\n"
                "Runs COMMAND and all that it starts under other personalities. SPEC names them, the highest\n"
                "first, with colons between, each with its options: trace,filter=file:fault,read=EIO@3\n"
                "What they say goes to stderr; o=FILE is an option of all of them.\n"
                "Its status is COMMAND's; 125 if the personalities cannot be had.\n");
}

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "with-personality: %s: %s\n", what, why);
    exit(FAILED);
}

static int list(void)
{
    char text[4096];
    int fd = open(control, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);

    if (n < 0)
        fail(control, errno == ENOENT ? "this system has no personalities" : strerror(errno));
    return write(1, text, (size_t)n) == n ? 0 : 1;
}

/* Does an element of SPEC say itself where its reports go? */
static bool has_output(const char *element, size_t length)
{
    return memmem(element, length, ",o=", 3);
}

/* SPEC, with `report=` for those that say nothing else. */
static void build_spec(const char *spec, char *out)
{
    size_t used = 0;

    for (;;) {
        size_t length = strcspn(spec, ":");
        int n = snprintf(out + used, SPEC_MAX - used, "%.*s%s%s", (int)length, spec,
                         has_output(spec, length) ? "" : ",report=",
                         has_output(spec, length) ? "" : report_path);

        if (n < 0 || used + (size_t)n + 1 >= SPEC_MAX)
            fail("SPEC", "too long");
        used += (size_t)n;
        if (!spec[length])
            return;
        out[used++] = ':';
        out[used] = 0;
        spec += length + 1;
    }
}

/* Puts this process under the personalities. */
static void ask(const char *spec)
{
    int fd = open(control, O_RDWR | O_CLOEXEC), error;
    char text[512] = "";

    if (fd < 0)
        fail(control, errno == ENOENT   ? "this system has no personalities"
                      : errno == EACCES ? "only root may"
                                        : strerror(errno));
    if (write(fd, spec, strlen(spec)) > 0) {
        close(fd);
        return;
    }
    error = errno;
    if (pread(fd, text, sizeof text - 1, 0) > 0 && !strncmp(text, "problem: ", 9)) {
        text[strcspn(text, "\n")] = 0;
        fprintf(stderr, "with-personality: %s\n", text + 9);
        exit(FAILED);
    }
    fail("SPEC", error == ENOSPC ? "too many personalities stand above each other"
                                 : strerror(error));
}

static void open_report(void)
{
    snprintf(report_path, sizeof report_path, "/tmp/.with-personality.%d.XXXXXX", getpid());
    report_fd = mkostemp(report_path, O_CLOEXEC);
    if (report_fd < 0)
        fail("/tmp", strerror(errno));
}

/* Copies what has been reported since the last time; it needs no memory any more then. */
static bool relay(void)
{
    static off_t done;
    char text[8192];
    ssize_t n = pread(report_fd, text, sizeof text, done);

    if (n <= 0)
        return false;
    for (ssize_t at = 0, w; at < n; at += w) {
        w = write(2, text + at, (size_t)(n - at));
        if (w < 0 && errno == EINTR)
            w = 0;
        else if (w < 0)
            break;
    }
    fallocate(report_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, done, n);
    done += n;
    return true;
}

static void forward(int number)
{
    int error = errno;

    if (child > 0)
        kill(child, number);
    errno = error;
}

/* Those of the terminal reach the child, which is in our group, by themselves. */
static void take_signals(void)
{
    static const int forwarded[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};
    static const int left[] = {SIGINT, SIGQUIT, SIGPIPE};

    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        sigaction(forwarded[i], &(struct sigaction){.sa_handler = forward, .sa_flags = SA_RESTART},
                  NULL);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        signal(left[i], SIG_IGN);
}

/* Reaps and relays until nobody is left. Returns the child's status. */
static int follow(pid_t pid)
{
    int status, its = 0;

    for (;;) {
        pid_t who = waitpid(-1, &status, WNOHANG | WUNTRACED);

        if (who == pid && WIFSTOPPED(status)) {
            relay();
            kill(getpid(), SIGSTOP);
            kill(pid, SIGCONT);
        } else if (who == pid) {
            its = status;
        } else if (who < 0 && errno == ECHILD) {
            while (relay())
                continue;
            return its;
        }
        if (!relay() && who == 0)
            nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
    }
}

/* Ends as the child has ended. */
static _Noreturn void end_as(int status)
{
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
        _exit(128 + WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

static _Noreturn void become(char **argv)
{
    execvp(argv[0], argv);
    fprintf(stderr, "with-personality: %s: %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

int main(int argc, char **argv)
{
    char spec[SPEC_MAX];
    int first = argc > 2 && !strcmp(argv[2], "--") ? 3 : 2, status;

    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        usage(stdout);
        return 0;
    }
    if (argc == 2 && !strcmp(argv[1], "--list"))
        return list();
    if (argc <= first || argv[1][0] == '-') {
        usage(stderr);
        return FAILED;
    }
    open_report();
    build_spec(argv[1], spec);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    child = fork();
    if (child < 0) {
        unlink(report_path);
        fail("fork", strerror(errno));
    }
    if (child == 0) {
        ask(spec);
        become(argv + first);
    }
    take_signals();
    status = follow(child);
    unlink(report_path);
    end_as(status);
}
