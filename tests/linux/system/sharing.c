/*
 * How tasks share the processor: niceness, policies, real-time priorities. What is compared are counts of loops of
 * children that spin; each bound leaves much room.
 */
#include "test.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define SCHED_IDLE_ 5

enum { MOST = 4 };

struct shared {
    volatile long count[MOST];
    volatile int go, order, stop;
};

static struct shared *shared;

static void set_up(void)
{
    void *p = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    shared = p;
}

/* musl's own only say ENOSYS. */
static int set_policy(pid_t pid, int policy, int priority)
{
    struct sched_param param = {.sched_priority = priority};

    return (int)syscall(SYS_sched_setscheduler, pid, policy, &param);
}

static pid_t spinner(int which)
{
    return CHILD({
        while (!shared->go)
            test_sleep_ms(1);
        for (;;)
            shared->count[which]++;
    });
}

/* Lets the children spin for a time, then ends them. */
static void spin_together(const pid_t *pids, int n, long ms)
{
    /* Who wants to look must be heard, whatever spins: this one is above. */
    CHECK_OK(set_policy(0, SCHED_FIFO, 99));
    test_sleep_ms(20);
    shared->go = 1;
    test_sleep_ms(ms);
    for (int i = 0; i < n; i++)
        CHECK_OK(kill(pids[i], SIGKILL));
    CHECK_OK(set_policy(0, SCHED_OTHER, 0));
    for (int i = 0; i < n; i++)
        CHECK_KILLED(pids[i], SIGKILL);
}

/* Children 0 and 1, of which `change` makes the second another. */
static void compare(void (*change)(pid_t pid), long ms)
{
    pid_t pids[2];

    set_up();
    for (int i = 0; i < 2; i++)
        pids[i] = spinner(i);
    change(pids[1]);
    spin_together(pids, 2, ms);
    CHECK_GT(shared->count[0], 0);
}

static void leave(pid_t pid)
{
    (void)pid;
}

TEST(sharing, equals_have_equal_shares)
{
    compare(leave, 1000);
    CHECK_GT(shared->count[1], shared->count[0] / 2);
    CHECK_GT(shared->count[0], shared->count[1] / 2);
}

static void make_nicer(pid_t pid)
{
    CHECK_OK(setpriority(PRIO_PROCESS, (id_t)pid, 10));
}

TEST(sharing, who_is_nicer_has_less)
{
    compare(make_nicer, 1500);
    CHECK_GT(shared->count[0], shared->count[1] * 4); /* 9.3 by weight */
    CHECK_GT(shared->count[1], shared->count[0] / 40);
}

static void make_nicest(pid_t pid)
{
    CHECK_OK(setpriority(PRIO_PROCESS, (id_t)pid, 19));
}

TEST(sharing, who_is_nicest_has_least_but_some)
{
    compare(make_nicest, 1500);
    CHECK_GT(shared->count[0], shared->count[1] * 15); /* 68 by weight */
    CHECK_GT(shared->count[1], 0);
}

static void favour(pid_t pid)
{
    CHECK_OK(setpriority(PRIO_PROCESS, (id_t)pid, -10));
}

TEST(sharing, who_is_favoured_has_more)
{
    compare(favour, 1500);
    CHECK_GT(shared->count[1], shared->count[0] * 4);
}

static void make_idle(pid_t pid)
{
    CHECK_OK(set_policy(pid, SCHED_IDLE_, 0));
}

TEST(sharing, idle_tasks_have_little)
{
    compare(make_idle, 1500);
    CHECK_GT(shared->count[0], shared->count[1] * 15);
}

static void make_batch(pid_t pid)
{
    CHECK_OK(set_policy(pid, SCHED_BATCH, 0));
}

TEST(sharing, batch_tasks_have_as_much)
{
    compare(make_batch, 1500);
    CHECK_GT(shared->count[1], shared->count[0] / 3);
    CHECK_GT(shared->count[0], shared->count[1] / 3);
}

TEST(sharing, niceness_is_inherited)
{
    pid_t pids[2];

    set_up();
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 10));
    pids[1] = spinner(1);
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 0));
    pids[0] = spinner(0);
    spin_together(pids, 2, 1500);
    CHECK_GT(shared->count[0], shared->count[1] * 4);
}

static void make_first(pid_t pid)
{
    CHECK_OK(set_policy(pid, SCHED_FIFO, 10));
}

TEST(sharing, a_real_time_task_leaves_little)
{
    compare(make_first, 3000);
    CHECK_GT(shared->count[1], shared->count[0] * 5); /* 19 parts of 20 */
}

static void make_round(pid_t pid)
{
    CHECK_OK(set_policy(pid, SCHED_RR, 10));
}

TEST(sharing, so_does_one_that_takes_turns)
{
    compare(make_round, 3000);
    CHECK_GT(shared->count[1], shared->count[0] * 5);
}

TEST(sharing, the_higher_priority_has_all)
{
    pid_t pids[2];

    set_up();
    for (int i = 0; i < 2; i++)
        pids[i] = spinner(i);
    CHECK_OK(set_policy(pids[0], SCHED_FIFO, 10));
    CHECK_OK(set_policy(pids[1], SCHED_FIFO, 20));
    spin_together(pids, 2, 500);
    CHECK_GT(shared->count[1], 0);
    CHECK_GT(shared->count[1], shared->count[0] * 20);
}

TEST(sharing, equal_priorities_take_turns_or_do_not)
{
    for (int policy = SCHED_FIFO; policy <= SCHED_RR; policy++) {
        pid_t pids[2];
        long less;
        long more;

        set_up();
        for (int i = 0; i < 2; i++) {
            pids[i] = spinner(i);
            CHECK_OK(set_policy(pids[i], policy, 10));
        }
        spin_together(pids, 2, 700);
        less = shared->count[0] < shared->count[1] ? shared->count[0] : shared->count[1];
        more = shared->count[0] + shared->count[1] - less;
        if (policy == SCHED_FIFO)
            CHECK_GT(more, less * 20);
        else
            CHECK_GT(less, more / 4);
    }
}

/* A real-time child that notes `mark` each time that it can read a byte. */
static pid_t reader(int fd, int other_end, int priority)
{
    return CHILD({
        char c;

        close(other_end);
        CHECK_OK(set_policy(0, SCHED_FIFO, priority));
        while (read(fd, &c, 1) == 1)
            shared->order = shared->order * 10 + c - '0';
    });
}

TEST(sharing, who_is_woken_and_has_priority_runs_at_once)
{
    int p[2];
    pid_t pid;

    set_up();
    CHECK_OK(pipe(p));
    pid = reader(p[0], p[1], 5);
    close(p[0]);
    test_sleep_ms(50);
    for (int i = 0; i < 50; i++) {
        shared->order = 0;
        CHECK_EQ(write(p[1], "7", 1), 1);
        CHECK_EQ(shared->order, 7);
    }
    CHECK_OK(close(p[1]));
    CHECK_EXIT(pid, 0);
}

TEST(sharing, the_highest_of_those_that_are_woken_runs_first)
{
    int a[2], b[2];
    pid_t low, high;

    set_up();
    CHECK_OK(pipe(a));
    CHECK_OK(pipe(b));
    low = CHILD({ close(a[1]), close(b[1]); waitpid(reader(a[0], -1, 5), NULL, 0); });
    high = CHILD({ close(a[1]), close(b[1]); waitpid(reader(b[0], -1, 6), NULL, 0); });
    test_sleep_ms(50);
    CHECK_OK(set_policy(0, SCHED_FIFO, 50));
    for (int i = 0; i < 20; i++) {
        shared->order = 0;
        CHECK_EQ(write(a[1], "1", 1), 1);
        CHECK_EQ(write(b[1], "2", 1), 1);
        CHECK_EQ(shared->order, 0); /* nobody is above this one */
        test_sleep_ms(5);
        CHECK_EQ(shared->order, 21);
    }
    CHECK_OK(set_policy(0, SCHED_OTHER, 0));
    close(a[1]), close(b[1]);
    CHECK_EXIT(low, 0);
    CHECK_EXIT(high, 0);
}

TEST(sharing, a_real_time_task_that_yields_leaves_it_to_its_equals_only)
{
    pid_t pids[2];

    set_up();
    pids[0] = spinner(0); /* an ordinary one */
    pids[1] = CHILD({
        while (!shared->go)
            test_sleep_ms(1);
        for (;;) {
            shared->count[1]++;
            sched_yield();
        }
    });
    CHECK_OK(set_policy(pids[1], SCHED_FIFO, 10));
    CHECK_OK(set_policy(0, SCHED_FIFO, 99));
    test_sleep_ms(20);
    shared->go = 1;
    test_sleep_ms(300);
    CHECK_GT(shared->count[1], 100);
    CHECK_EQ(shared->count[0], 0);
    for (int i = 0; i < 2; i++)
        CHECK_OK(kill(pids[i], SIGKILL));
    for (int i = 0; i < 2; i++)
        CHECK_KILLED(pids[i], SIGKILL);
}

/* What is left beside the first ones, each in turn gets. */
TEST(sharing, ordinary_ones_take_turns_beside_a_first_one)
{
    pid_t pids[3];

    set_up();
    for (int i = 0; i < 3; i++)
        pids[i] = spinner(i);
    CHECK_OK(set_policy(pids[2], SCHED_FIFO, 1));
    spin_together(pids, 3, 4000);
    CHECK_GT(shared->count[0], 0);
    CHECK_GT(shared->count[1], 0);
    CHECK_GT(shared->count[2], shared->count[0] + shared->count[1]);
}
