/*
 * Runs many cases in one boot, inside the guest only.
 *
 * In:    runner LIST [stream], where each line of the file LIST is "NAME PROGRAM SECONDS".
 *        NAME is also the program's argument.
 * Out:   one TAP line for each case on stdout, before the next one begins, and its output as "# "
 *        lines when it failed; with `stream` all of its output as "# | " lines, as it comes. A case
 *        whose time is over is announced ("# late") a moment before it is killed. The host adds up, names what is missing, and knows what is known to fail.
 * Life:  each case runs in a process and a process group of its own, in a new empty folder. Whatever
 *        it leaves running is killed: here kill(-1) reaches all but us and pid 1.
 *
 * It asks little of the system, as it must report on one that is half broken.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 6000, SKIPPED = 77, POLL_MS = 20, LATE_MS = 1000 };

struct running {
    pid_t pid;
    int output;       /* what it writes to stdout and stderr */
    long long until;  /* milliseconds */
    int status;
    int stream;       /* output is passed on, not kept */
    int in_line;      /* what was passed on ends in the middle of a line */
    char text[OUTPUT_MAX];
    size_t used;
};

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void become(const char *name, const char *program, int output)
{
    char *const argv[] = {(char *)program, (char *)name, NULL};
    char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", NULL};
    int null = open("/dev/null", O_RDWR);

    setpgid(0, 0);
    dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
    if (null > 2)
        close(null);
    close(output);
    execve(program, argv, env);
    dprintf(2, "cannot execute %s: %s\n", program, strerror(errno));
    _exit(126);
}

static void pass_on(struct running *r, const char *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!r->in_line)
            fputs("# | ", stdout);
        putchar(data[i] ? data[i] : '?');
        r->in_line = data[i] != '\n';
    }
    fflush(stdout);
}

/* Takes what is there; 0 at the end of file. */
static ssize_t take_output(struct running *r)
{
    char spill[512];
    size_t room = OUTPUT_MAX - 1 - r->used;

    if (r->stream) {
        ssize_t n = read(r->output, r->text, sizeof r->text);

        pass_on(r, r->text, n > 0 ? (size_t)n : 0);
        return n;
    }
    ssize_t n = room ? read(r->output, r->text + r->used, room)
                     : read(r->output, spill, sizeof spill);

    if (n > 0 && room)
        r->used += (size_t)n;
    return n;
}

/* Waits for the case's end and its output. Returns 0, or -1 when its time was over. */
static int watch(struct running *r)
{
    struct pollfd p = {.fd = r->output, .events = POLLIN};
    int ended = 0, at_end = 0;

    while (!ended) {
        const struct timespec pause = {.tv_nsec = 1000000};
        if (at_end)
            nanosleep(&pause, NULL);
        else if (poll(&p, 1, POLL_MS) > 0 && take_output(r) == 0)
            at_end = 1;
        ended = waitpid(r->pid, &r->status, WNOHANG) == r->pid;
        if (!ended && now_ms() > r->until)
            return -1;
    }
    while (!at_end && poll(&p, 1, 0) > 0 && take_output(r) > 0)
        continue;
    return 0;
}

/* The host hears of it, and asks the system what it is doing. */
static void announce_late(const char *name)
{
    const struct timespec moment = {.tv_sec = LATE_MS / 1000, .tv_nsec = LATE_MS % 1000 * 1000000};

    printf("# late %s\n", name);
    fflush(stdout);
    nanosleep(&moment, NULL);
}

static void print_output(struct running *r)
{
    r->text[r->used] = '\0';
    for (char *text = r->text, *line; (line = strsep(&text, "\n"));)
        if (*line)
            printf("# %s\n", line);
}

static void print_verdict(struct running *r, int number, const char *name, int late, long long took)
{
    int good = !late && WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0;
    int skipped = !late && WIFEXITED(r->status) && WEXITSTATUS(r->status) == SKIPPED;

    if (good) {
        printf("ok %d - %s # %lld ms\n", number, name, took);
    } else if (skipped) {
        r->text[strcspn(r->text, "\n")] = '\0';
        printf("ok %d - %s # SKIP %s\n", number, name, r->text);
    } else {
        printf("not ok %d - %s\n", number, name);
        if (late)
            printf("# timed out after %lld ms\n", took);
        else if (WIFSIGNALED(r->status))
            printf("# killed by signal %d\n", WTERMSIG(r->status));
        else
            printf("# status %d\n", WEXITSTATUS(r->status));
        print_output(r);
    }
    fflush(stdout);
}

static void kill_leftovers(struct running *r, int late)
{
    if (late)
        kill(-r->pid, SIGKILL);
    kill(-1, SIGKILL);
    if (late)
        waitpid(r->pid, &r->status, 0);
}

static void run_case(int number, const char *name, const char *program, int seconds, int stream)
{
    static struct running r;
    char folder[64];
    long long start = now_ms();
    int p[2];

    memset(&r, 0, sizeof r);
    r.stream = stream;
    snprintf(folder, sizeof folder, "/tmp/case-%d", number);
    if (mkdir(folder, 0755) != 0 || chdir(folder) != 0 || pipe2(p, O_CLOEXEC) != 0) {
        printf("not ok %d - %s\n# the runner cannot prepare it: %s\n", number, name,
               strerror(errno));
        fflush(stdout);
        return;
    }
    printf("# begin %s\n", name);
    fflush(stdout);
    r.pid = fork();
    if (r.pid == 0)
        become(name, program, p[1]);
    close(p[1]);
    r.output = p[0];
    r.until = start + seconds * 1000LL;
    int late = r.pid < 0 || watch(&r) != 0;
    if (r.in_line)
        putchar('\n');
    if (late)
        announce_late(name);
    kill_leftovers(&r, late);
    close(p[0]);
    print_verdict(&r, number, name, late, now_ms() - start);
    if (chdir("/") != 0)
        exit(1);
}

int main(int argc, char **argv)
{
    char name[200], program[300];
    int seconds, number = 0;

    if (getppid() != 1 || argc < 2 || argc > 3) {
        fprintf(stderr, "only for the first program of a guest\n");
        return 2;
    }
    FILE *list = fopen(argv[1], "re");
    if (!list) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    while (fscanf(list, "%199s %299s %d", name, program, &seconds) == 3)
        run_case(++number, name, program, seconds, argc == 3);
    printf("1..%d\n", number);
    return 0;
}
