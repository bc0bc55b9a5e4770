/* Rows: system calls that do next to nothing, and signals. */
#define _GNU_SOURCE
#include "bench.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* libc's syscall() would add its own instructions and its errno. */
static inline long raw(long number, long a)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a) : "rcx", "r11", "memory");
    return result;
}

static void null_syscall(unsigned long n)
{
    while (n--)
        raw(SYS_getppid, 0);
}

static void syscall_invalid(unsigned long n)
{
    while (n--)
        NEED(raw(9999, 0) == -38);
}

/* The value changes each time: no answer can be kept outside the server. */
static void forwarded_null(unsigned long n)
{
    for (long mask = 022; n--; mask ^= 01)
        raw(SYS_umask, mask);
}

static void clock_gettime_row(unsigned long n)
{
    struct timespec t;

    while (n--)
        clock_gettime(CLOCK_MONOTONIC, &t);
}

static void sched_yield_row(unsigned long n)
{
    while (n--)
        sched_yield();
}

static volatile sig_atomic_t handled;

static void handler(int number)
{
    (void)number;
    handled++;
}

static void install(void)
{
    struct sigaction action = {.sa_handler = handler};

    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
}

static void signal_install(unsigned long n)
{
    while (n--)
        install();
}

static void signal_self(unsigned long n)
{
    unsigned long before = (unsigned long)handled, count = n;
    pid_t self = getpid();

    while (n--)
        kill(self, SIGUSR1);
    NEED((unsigned)handled == (unsigned)(before + count));
}

const struct row call_rows[] = {
    {.name = "null_syscall", .run = null_syscall},
    {.name = "syscall_invalid", .run = syscall_invalid},
    {.name = "forwarded_null", .run = forwarded_null},
    {.name = "clock_gettime", .run = clock_gettime_row},
    {.name = "sched_yield", .run = sched_yield_row},
    {.name = "signal_install", .run = signal_install},
    {.name = "signal_self", .prepare = install, .run = signal_self},
    {0},
};
