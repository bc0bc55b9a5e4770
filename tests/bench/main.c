/*
 * The benchmark's one program, for our Linux personality and for Linux itself.
 *
 * In:   bench [--budget MICROSECONDS] [--tries N] [ROW...]   without names, all rows
 *       bench prompt                             what a shell at its prompt has cost so far
 * Out:  on stdout, for each row, "begin NAME" and then one of
 *           "row NAME OPERATIONS NANOSECONDS TICKS" or "row NAME fail REASON";
 *       at the end "end". TICKS are those of rdtsc: instructions, when QEMU runs with -icount.
 * Life: each row runs in a process of its own and is killed after SECONDS_MAX. The loop is doubled until
 *       it takes an eighth of the budget, which also warms it up, then measured once at full length; with tries, as
 *       often, and the least of them counts.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS_MAX = 60 };

struct stamp {
    long long ns;
    unsigned long long ticks;
};

static const struct row *const tables[] = {call_rows, file_rows, wait_rows, memory_rows, process_rows};
static const char *current;
static struct stamp started, total;
static long tries = 1;

static unsigned long long ticks(void)
{
    unsigned low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long long)high << 32 | low;
}

static struct stamp now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (struct stamp){t.tv_sec * 1000000000LL + t.tv_nsec, ticks()};
}

void clock_start(void)
{
    started = now();
}

void clock_stop(void)
{
    struct stamp end = now();

    total.ns += end.ns - started.ns;
    total.ticks += end.ticks - started.ticks;
}

void fail(const char *what)
{
    printf("row %s fail %s: %s\n", current, what, strerror(errno));
    fflush(stdout);
    _exit(1);
}

static void pass(const struct row *row, unsigned long n)
{
    total = (struct stamp){0, 0};
    if (!row->own_clock)
        clock_start();
    row->run(n);
    if (!row->own_clock)
        clock_stop();
}

/* Passes of `n` operations, for the least of them: what else the machine does only ever adds to one. */
static void try_again(const struct row *row, unsigned long n)
{
    struct stamp least = total;

    for (long i = 1; i < tries; i++) {
        pass(row, n);
        if (total.ns < least.ns)
            least = total;
    }
    total = least;
}

static void measure(const struct row *row, long long budget)
{
    unsigned long n = 1, unit = row->unit ? row->unit : 1;

    if (row->prepare)
        row->prepare();
    for (pass(row, n); total.ns < budget / 8; pass(row, n *= 2))
        ;
    /* Whoever took the processor during a pass made it look long: then the next one is too short. */
    for (int i = 0; i < 3 && (i == 0 || total.ns < budget / 2); i++) {
        if (total.ns < budget)
            n = (unsigned long)((double)n * (double)budget / (double)total.ns);
        pass(row, n);
    }
    try_again(row, n);
    printf("row %s %lu %lld %llu\n", row->name, n * unit, total.ns, total.ticks);
    fflush(stdout);
    _exit(0);
}

static void run_row(const struct row *row, long long budget)
{
    int status;

    current = row->name;
    printf("begin %s\n", row->name);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        alarm(SECONDS_MAX);
        measure(row, budget);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        printf("row %s fail fork or wait: %s\n", row->name, strerror(errno));
        return;
    }
    kill(-pid, SIGKILL); /* whoever helped it */
    while (waitpid(-pid, NULL, 0) > 0)
        ;
    if (WIFSIGNALED(status))
        printf("row %s fail killed by signal %d\n", row->name, WTERMSIG(status));
}

static int wanted(const char *name, char **names)
{
    if (!*names)
        return 1;
    for (; *names; names++)
        if (!strcmp(name, *names))
            return 1;
    return 0;
}

/* Instructions since the machine was started (with -icount), and what is free now. */
static int prompt(void)
{
    unsigned long long count = ticks();
    char line[128];
    FILE *file = fopen("/proc/meminfo", "r");

    printf("prompt ticks %llu\n", count);
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "Mem", 3))
            printf("prompt %s", line);
    puts("prompt end");
    return 0;
}

int main(int argc, char **argv)
{
    long long budget = 100000000;

    (void)argc;
    argv++;
    if (*argv && !strcmp(*argv, "prompt"))
        return prompt();
    if (*argv && !strcmp(*argv, "--budget") && argv[1]) {
        budget = atoll(argv[1]) * 1000;
        argv += 2;
    }
    if (*argv && !strcmp(*argv, "--tries") && argv[1]) {
        tries = atol(argv[1]);
        argv += 2;
    }
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct row *row = tables[t]; row->name; row++)
            if (wanted(row->name, argv))
                run_row(row, budget);
    puts("end");
    return 0;
}
