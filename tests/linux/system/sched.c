/*
 * Niceness, scheduling policies, processors.
 */
#include "test.h"

#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

struct attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t min, max;
};

static int set_attr(pid_t pid, struct attr *attr, unsigned flags)
{
    return (int)syscall(SYS_sched_setattr, pid, attr, flags);
}

static int get_attr(pid_t pid, struct attr *attr, unsigned size, unsigned flags)
{
    return (int)syscall(SYS_sched_getattr, pid, attr, size, flags);
}

/* musl's wrappers say ENOSYS. */
static int set_scheduler(pid_t pid, int policy, int priority)
{
    return (int)syscall(SYS_sched_setscheduler, pid, policy, &priority);
}

static int get_scheduler(pid_t pid)
{
    return (int)syscall(SYS_sched_getscheduler, pid);
}

static int get_priority_param(pid_t pid)
{
    int priority = -1;

    CHECK_OK(syscall(SYS_sched_getparam, pid, &priority));
    return priority;
}

static void drop_to(uid_t uid)
{
    CHECK_OK(setgroups(0, NULL));
    CHECK_OK(syscall(SYS_setresgid, uid, uid, uid));
    CHECK_OK(syscall(SYS_setresuid, uid, uid, uid));
}

TEST(nice, is_clamped_and_inherited)
{
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 100));
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), 19);
    CHECK_IN_CHILD(CHECK_EQ(getpriority(PRIO_PROCESS, 0), 19));
    CHECK_OK(setpriority(PRIO_PROCESS, 0, -100));
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), -20);
    CHECK_EQ(syscall(SYS_getpriority, PRIO_PROCESS, 0), 40);
}

TEST(nice, bad_arguments)
{
    CHECK_ERR(getpriority(3, 0), EINVAL);
    CHECK_ERR(getpriority(-1, 0), EINVAL);
    CHECK_ERR(setpriority(3, 0, 0), EINVAL);
    CHECK_ERR(getpriority(PRIO_PROCESS, 31999), ESRCH);
    CHECK_ERR(setpriority(PRIO_PGRP, 31999, 0), ESRCH);
    CHECK_ERR(setpriority(PRIO_USER, 31999, 0), ESRCH);
}

TEST(nice, a_plain_user_goes_only_up)
{
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_OK(setpriority(PRIO_PROCESS, 0, 5));
        CHECK_ERR(setpriority(PRIO_PROCESS, 0, 4), EACCES);
        CHECK_EQ(nice(3), 8);
        CHECK_EQ(getpriority(PRIO_PROCESS, 0), 8);
        CHECK_ERR(setpriority(PRIO_PROCESS, 1, 19), EPERM);
    });
}

TEST(nice, rlimit_nice_lets_a_plain_user_come_down)
{
    struct rlimit limit = {25, 25}; /* nice -5 */

    CHECK_OK(setrlimit(RLIMIT_NICE, &limit));
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_OK(setpriority(PRIO_PROCESS, 0, 10));
        CHECK_OK(setpriority(PRIO_PROCESS, 0, -5));
        CHECK_ERR(setpriority(PRIO_PROCESS, 0, -6), EACCES);
    });
}

TEST(nice, groups_and_users_take_the_best)
{
    CHECK_IN_CHILD({
        CHECK_OK(setpgid(0, 0));
        drop_to(1777);
        CHECK_OK(setpriority(PRIO_PROCESS, 0, 3));
        pid_t pid = CHILD(for (;;) pause());
        CHECK_OK(setpriority(PRIO_PROCESS, pid, 7));
        CHECK_EQ(getpriority(PRIO_PGRP, 0), 3);
        CHECK_EQ(getpriority(PRIO_USER, 1777), 3);
        CHECK_OK(setpriority(PRIO_PGRP, 0, 9));
        CHECK_EQ(getpriority(PRIO_PROCESS, pid), 9);
        CHECK_OK(setpriority(PRIO_USER, 0, 11));
        CHECK_EQ(getpriority(PRIO_PROCESS, pid), 11);
        kill(pid, SIGKILL);
        CHECK_KILLED(pid, SIGKILL);
    });
}

static void *renice_myself(void *unused)
{
    setpriority(PRIO_PROCESS, 0, 12);
    return (void *)(intptr_t)(getpriority(PRIO_PROCESS, 0) + (unused != NULL));
}

TEST(nice, belongs_to_the_thread)
{
    pthread_t thread;
    void *result;

    CHECK_OK(pthread_create(&thread, NULL, renice_myself, NULL));
    CHECK_OK(pthread_join(thread, &result));
    CHECK_EQ((intptr_t)result, 12);
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
}

TEST(sched, policies_and_priorities_must_fit)
{
    CHECK_ERR(set_scheduler(0, SCHED_OTHER, 1), EINVAL);
    CHECK_ERR(set_scheduler(0, SCHED_FIFO, 0), EINVAL);
    CHECK_ERR(set_scheduler(0, SCHED_RR, 100), EINVAL);
    CHECK_ERR(set_scheduler(0, SCHED_RR, -1), EINVAL);
    CHECK_ERR(set_scheduler(0, 4, 0), EINVAL);
    CHECK_ERR(set_scheduler(0, -1, 0), EINVAL);
    CHECK_ERR(set_scheduler(-1, SCHED_OTHER, 0), EINVAL);
    CHECK_ERR(set_scheduler(31999, SCHED_OTHER, 0), ESRCH);
    CHECK_ERR(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL), EINVAL);
    CHECK_ERR(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 16), EFAULT);
    CHECK_ERR(get_scheduler(-1), EINVAL);
    CHECK_ERR(get_scheduler(31999), ESRCH);
    CHECK_ERR(syscall(SYS_sched_getparam, 0, NULL), EINVAL);
    CHECK_ERR(syscall(SYS_sched_setparam, 0, NULL), EINVAL);
    CHECK_EQ(get_scheduler(0), SCHED_OTHER);
}

TEST(sched, root_sets_each_policy_and_reads_it_back)
{
    CHECK_OK(set_scheduler(0, SCHED_FIFO, 50));
    CHECK_EQ(get_scheduler(0), SCHED_FIFO);
    CHECK_EQ(get_priority_param(0), 50);
    CHECK_IN_CHILD(CHECK_EQ(get_scheduler(0), SCHED_FIFO));
    int priority = 7;
    CHECK_OK(syscall(SYS_sched_setparam, 0, &priority));
    CHECK_EQ(get_priority_param(0), 7);
    priority = 0;
    CHECK_ERR(syscall(SYS_sched_setparam, 0, &priority), EINVAL);
    CHECK_OK(set_scheduler(0, SCHED_RR, 1));
    CHECK_OK(set_scheduler(0, SCHED_BATCH, 0));
    CHECK_EQ(get_scheduler(0), SCHED_BATCH);
    CHECK_EQ(get_priority_param(0), 0);
    CHECK_OK(set_scheduler(0, SCHED_IDLE, 0));
    CHECK_OK(set_scheduler(0, SCHED_OTHER, 0));
}

TEST(sched, reset_on_fork)
{
    CHECK_OK(set_scheduler(0, SCHED_FIFO | 0x40000000, 5));
    CHECK_EQ(get_scheduler(0), SCHED_FIFO | 0x40000000);
    CHECK_IN_CHILD({
        CHECK_EQ(get_scheduler(0), SCHED_OTHER);
        CHECK_EQ(get_priority_param(0), 0);
        CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
    });
    CHECK_OK(set_scheduler(0, SCHED_OTHER | 0x40000000, 0));
    CHECK_OK(setpriority(PRIO_PROCESS, 0, -7));
    CHECK_IN_CHILD(CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0));
    CHECK_OK(setpriority(PRIO_PROCESS, 0, 7));
    CHECK_IN_CHILD({
        CHECK_EQ(getpriority(PRIO_PROCESS, 0), 7);
        CHECK_EQ(get_scheduler(0), SCHED_OTHER);
    });
}

TEST(sched, a_plain_user_needs_rlimit_rtprio)
{
    struct rlimit limit = {10, 10};

    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_ERR(set_scheduler(0, SCHED_FIFO, 1), EPERM);
        CHECK_OK(set_scheduler(0, SCHED_BATCH, 0));
        CHECK_OK(set_scheduler(0, SCHED_IDLE, 0));
        CHECK_ERR(set_scheduler(1, SCHED_BATCH, 0), EPERM);
    });
    CHECK_OK(setrlimit(RLIMIT_RTPRIO, &limit));
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_OK(set_scheduler(0, SCHED_FIFO, 10));
        CHECK_ERR(set_scheduler(0, SCHED_FIFO, 11), EPERM);
        CHECK_OK(set_scheduler(0, SCHED_OTHER, 0));
    });
}

TEST(sched, reset_on_fork_is_not_taken_back_by_a_plain_user)
{
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_OK(set_scheduler(0, SCHED_OTHER | 0x40000000, 0));
        CHECK_ERR(set_scheduler(0, SCHED_OTHER, 0), EPERM);
    });
}

TEST(sched, attributes_round_trip)
{
    struct attr a = {.size = 48, .policy = SCHED_OTHER, .nice = 5}, b;

    CHECK_OK(set_attr(0, &a, 0));
    CHECK_OK(get_attr(0, &b, sizeof b, 0));
    CHECK_EQ(b.policy, SCHED_OTHER);
    CHECK_EQ(b.nice, 5);
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5);
    a = (struct attr){.size = 48, .policy = SCHED_RR, .priority = 9, .flags = 1};
    CHECK_OK(set_attr(0, &a, 0));
    memset(&b, 0xff, sizeof b);
    CHECK_OK(get_attr(0, &b, 48, 0));
    CHECK_EQ(b.size, 48);
    CHECK_EQ(b.policy, SCHED_RR);
    CHECK_EQ(b.priority, 9);
    CHECK_EQ(b.flags, 1);
    CHECK_EQ(b.min, 0xffffffffu);
}

TEST(sched, attributes_refuse_bad_arguments)
{
    struct attr a = {.size = 48, .policy = SCHED_OTHER};
    char big[200] = {0};

    CHECK_ERR(set_attr(0, NULL, 0), EINVAL);
    CHECK_ERR(set_attr(0, &a, 1), EINVAL);
    CHECK_ERR(set_attr(-1, &a, 0), EINVAL);
    CHECK_ERR(set_attr(31999, &a, 0), ESRCH);
    CHECK_ERR(get_attr(0, &a, 47, 0), EINVAL);
    CHECK_ERR(get_attr(0, &a, 4097, 0), EINVAL);
    CHECK_ERR(get_attr(0, &a, sizeof a, 1), EINVAL);
    a.size = 47;
    CHECK_ERR(set_attr(0, &a, 0), E2BIG);
    CHECK_EQ(a.size, 56);
    a = (struct attr){.size = 48, .policy = SCHED_OTHER, .flags = 1ull << 40};
    CHECK_ERR(set_attr(0, &a, 0), EINVAL);
    a = (struct attr){.size = 48, .policy = 99};
    CHECK_ERR(set_attr(0, &a, 0), EINVAL);
    *(uint32_t *)big = sizeof big;
    CHECK_OK(set_attr(0, (struct attr *)big, 0));
    big[199] = 1;
    CHECK_ERR(set_attr(0, (struct attr *)big, 0), E2BIG);
    CHECK_ERR(set_attr(0, (struct attr *)16, 0), EFAULT);
}

TEST(sched, ranges_of_priorities)
{
    CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
    CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
    CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
    CHECK_EQ(sched_get_priority_min(SCHED_IDLE), 0);
    CHECK_EQ(sched_get_priority_max(6), 0);
    CHECK_ERR(sched_get_priority_max(4), EINVAL);
    CHECK_ERR(sched_get_priority_max(7), EINVAL);
    CHECK_ERR(sched_get_priority_min(-1), EINVAL);
}

TEST(sched, round_robin_has_a_tenth_of_a_second)
{
    struct timespec t = {9, 9};

    CHECK_OK(set_scheduler(0, SCHED_RR, 1));
    CHECK_OK(syscall(SYS_sched_rr_get_interval, 0, &t));
    CHECK_EQ(t.tv_sec, 0);
    CHECK_EQ(t.tv_nsec, 100000000);
    CHECK_OK(set_scheduler(0, SCHED_FIFO, 1));
    CHECK_OK(syscall(SYS_sched_rr_get_interval, 0, &t));
    CHECK_EQ(t.tv_nsec, 0);
    CHECK_ERR(syscall(SYS_sched_rr_get_interval, -1, &t), EINVAL);
    CHECK_ERR(syscall(SYS_sched_rr_get_interval, 31999, &t), ESRCH);
    CHECK_ERR(syscall(SYS_sched_rr_get_interval, 0, 16), EFAULT);
}

TEST(sched, affinity_is_about_processors_that_are_there)
{
    unsigned long mask[16] = {0}, one = 1, none = 0;

    CHECK_EQ(syscall(SYS_sched_getaffinity, 0, sizeof mask, mask), 8);
    CHECK_EQ(mask[0] & 1, 1);
    CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 4, mask), EINVAL);
    CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 12, mask), EINVAL);
    CHECK_ERR(syscall(SYS_sched_getaffinity, 31999, 8, mask), ESRCH);
    CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 8, 16), EFAULT);
    CHECK_OK(syscall(SYS_sched_setaffinity, 0, 8, &one));
    CHECK_ERR(syscall(SYS_sched_setaffinity, 0, 8, &none), EINVAL);
    CHECK_ERR(syscall(SYS_sched_setaffinity, 31999, 8, &one), ESRCH);
    CHECK_ERR(syscall(SYS_sched_setaffinity, 0, 8, 16), EFAULT);
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_OK(syscall(SYS_sched_setaffinity, 0, 8, &one));
        CHECK_ERR(syscall(SYS_sched_setaffinity, 1, 8, &one), EPERM);
    });
}

TEST(sched, getcpu_tells_processor_and_node)
{
    unsigned cpu = 99, node = 99;

    CHECK_OK(syscall(SYS_getcpu, &cpu, &node, NULL));
    CHECK_EQ(cpu, 0);
    CHECK_EQ(node, 0);
    CHECK_OK(syscall(SYS_getcpu, NULL, NULL, NULL));
    CHECK_ERR(syscall(SYS_getcpu, 16, NULL, NULL), EFAULT);
}
