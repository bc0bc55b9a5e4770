/* Rows: two that wake each other, and poll. */
#define _GNU_SOURCE
#include "bench.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* musl-gcc does not find linux/futex.h. */
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };
enum { CHUNK = 64 << 10, PIPES = 10 };

static int to_peer[2], from_peer[2], pair[2];
static char chunk[CHUNK];
static struct pollfd polled[PIPES];

/* A child that sends every byte back; it ends when the row's process group is killed. */
static void echo(int in, int out)
{
    char c;

    while (read(in, &c, 1) == 1)
        if (write(out, &c, 1) != 1)
            break;
    _exit(0);
}

static void start_echo(int in, int out)
{
    pid_t pid = fork();

    NEED(pid >= 0);
    if (pid == 0)
        echo(in, out);
}

static void round_trips(unsigned long n, int out, int in)
{
    char c = 'x';

    while (n--) {
        NEED(write(out, &c, 1) == 1);
        NEED(read(in, &c, 1) == 1);
    }
}

static void make_pipes(void)
{
    NEED(pipe(to_peer) == 0 && pipe(from_peer) == 0);
    start_echo(to_peer[0], from_peer[1]);
}

static void pipe_rtt(unsigned long n)
{
    round_trips(n, to_peer[1], from_peer[0]);
}

static void make_pair(void)
{
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    start_echo(pair[1], pair[1]);
}

static void unix_rtt(unsigned long n)
{
    round_trips(n, pair[0], pair[0]);
}

static void make_drain(void)
{
    pid_t pid;

    NEED(pipe(to_peer) == 0 && (pid = fork()) >= 0);
    if (pid == 0)
        while (read(to_peer[0], chunk, CHUNK) > 0)
            ;
}

static void pipe_bw_64k(unsigned long n)
{
    while (n--)
        NEED(write(to_peer[1], chunk, CHUNK) == CHUNK);
}

/* Whose turn it is: 0 ours, 1 the other thread's. */
static atomic_int turn;

static void wait_for(int mine)
{
    while (atomic_load(&turn) != mine)
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
}

static void hand_over(int to)
{
    atomic_store(&turn, to);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *partner(void *unused)
{
    for (;;) {
        wait_for(1);
        hand_over(0);
    }
    return unused;
}

static void make_partner(void)
{
    pthread_t thread;

    NEED(pthread_create(&thread, NULL, partner, NULL) == 0);
}

static void futex_pingpong(unsigned long n)
{
    while (n--) {
        hand_over(1);
        wait_for(0);
    }
}

static void *nothing(void *argument)
{
    return argument;
}

static void thread_create_join(unsigned long n)
{
    pthread_t thread;

    while (n--) {
        NEED(pthread_create(&thread, NULL, nothing, NULL) == 0);
        pthread_join(thread, NULL);
    }
}

static void make_ten(void)
{
    int ends[2];

    for (int i = 0; i < PIPES; i++) {
        NEED(pipe(ends) == 0);
        polled[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    }
    NEED(write(ends[1], "x", 1) == 1);
}

static void poll_10(unsigned long n)
{
    while (n--)
        NEED(poll(polled, PIPES, -1) == 1);
}

const struct row wait_rows[] = {
    {.name = "pipe_rtt", .prepare = make_pipes, .run = pipe_rtt},
    {.name = "pipe_bw_64k", .prepare = make_drain, .run = pipe_bw_64k},
    {.name = "unix_rtt", .prepare = make_pair, .run = unix_rtt},
    {.name = "futex_pingpong", .prepare = make_partner, .run = futex_pingpong},
    {.name = "thread_create_join", .run = thread_create_join},
    {.name = "poll_10", .prepare = make_ten, .run = poll_10},
    {0},
};
