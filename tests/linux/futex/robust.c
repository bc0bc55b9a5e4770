/*
 * Robust lists as the kernel walks them, and futex_waitv.
 */
#include "futexes.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

struct node {
    uintptr_t next;
    uint32_t word, pad;
};

struct head {
    uintptr_t list;
    long offset;
    uintptr_t pending;
};

struct area {
    struct head head;
    struct node node[100];
};

static struct area *area;

static void link_all(int count)
{
    area = (struct area *)shared_words();
    area->head.offset = offsetof(struct node, word);
    area->head.list = (uintptr_t)(count ? (void *)&area->node[0] : (void *)&area->head);
    for (int i = 0; i < count; i++)
        area->node[i].next =
            (uintptr_t)(i + 1 < count ? (void *)&area->node[i + 1] : (void *)&area->head);
}

static uint32_t self(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

/* A child that owns the first `count` words, uses the list, and ends. */
static void end_as_owner(int count, uint32_t bits)
{
    CHECK_IN_CHILD({
        for (int i = 0; i < count; i++)
            area->node[i].word = self() | bits;
        CHECK_OK(syscall(SYS_set_robust_list, &area->head, sizeof area->head));
        _exit(0);
    });
}

TEST(robust, every_owned_word_is_marked)
{
    link_all(10);
    end_as_owner(10, 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(area->node[i].word, OWNER_DIED);
}

TEST(robust, the_waiters_bit_stays)
{
    link_all(2);
    end_as_owner(2, WAITERS);
    CHECK_EQ(area->node[1].word, OWNER_DIED | WAITERS);
}

TEST(robust, words_of_others_are_left_alone)
{
    link_all(3);
    area->node[2].word = 12345;
    end_as_owner(2, 0);
    CHECK_EQ(area->node[1].word, OWNER_DIED);
    CHECK_EQ(area->node[2].word, 12345);
}

TEST(robust, a_marked_word_wakes_one_waiter)
{
    pid_t owner, child[2];

    link_all(1);
    owner = CHILD({
        area->node[0].word = self() | WAITERS;
        CHECK_OK(syscall(SYS_set_robust_list, &area->head, sizeof area->head));
        pause();
    });
    while (!area->node[0].word)
        test_sleep_ms(1);
    for (int i = 0; i < 2; i++) {
        child[i] = CHILD(CHECK_OK(
            futex(&area->node[0].word, FUTEX_WAIT, (uint32_t)owner | WAITERS, 0, NULL, 0)));
        until_asleep(child[i]);
    }
    until_asleep(owner);
    CHECK_OK(kill(owner, SIGKILL));
    CHECK_KILLED(owner, SIGKILL);
    CHECK_EXIT(child[0], 0);
    CHECK_EQ(futex(&area->node[0].word, FUTEX_WAKE, 5, 0, NULL, 0), 1);
    CHECK_EXIT(child[1], 0);
}

TEST(robust, the_pending_word_is_marked_too)
{
    link_all(0);
    area->head.pending = (uintptr_t)&area->node[7];
    CHECK_IN_CHILD({
        area->node[7].word = self();
        CHECK_OK(syscall(SYS_set_robust_list, &area->head, sizeof area->head));
        _exit(0);
    });
    CHECK_EQ(area->node[7].word, OWNER_DIED);
}

TEST(robust, a_pending_word_in_the_list_is_marked_once)
{
    link_all(2);
    area->head.pending = (uintptr_t)&area->node[0];
    end_as_owner(2, 0);
    CHECK_EQ(area->node[0].word, OWNER_DIED);
    CHECK_EQ(area->node[1].word, OWNER_DIED);
}

TEST(robust, a_pending_free_word_wakes_a_waiter)
{
    pid_t child;

    link_all(0);
    area->head.pending = (uintptr_t)&area->node[3];
    child = CHILD(CHECK_OK(futex(&area->node[3].word, FUTEX_WAIT, 0, 0, NULL, 0)));
    until_asleep(child);
    CHECK_IN_CHILD(CHECK_OK(syscall(SYS_set_robust_list, &area->head, sizeof area->head));
                   _exit(0));
    CHECK_EXIT(child, 0);
}

TEST(robust, a_fault_ends_the_walk_and_nothing_else)
{
    link_all(3);
    area->node[1].next = 8;
    area->head.pending = (uintptr_t)&area->node[9];
    area->node[9].word = 1;
    end_as_owner(3, 0);
    CHECK_EQ(area->node[0].word, OWNER_DIED);
    CHECK_EQ(area->node[1].word, OWNER_DIED);
    CHECK_NE(area->node[2].word, OWNER_DIED);
    CHECK_IN_CHILD(CHECK_OK(syscall(SYS_set_robust_list, 8, sizeof area->head)); _exit(0));
}

TEST(robust, a_crooked_word_ends_the_walk)
{
    link_all(2);
    area->head.offset = offsetof(struct node, word) + 1;
    end_as_owner(2, 0);
    CHECK_NE(area->node[0].word, OWNER_DIED);
}

TEST(robust, a_list_without_end_is_given_up)
{
    int64_t start = test_now_ms();

    link_all(3);
    area->node[2].next = (uintptr_t)&area->node[0];
    end_as_owner(3, 0);
    CHECK_EQ(area->node[2].word, OWNER_DIED);
    CHECK_LT(test_now_ms() - start, 5000);
}

TEST(robust, an_owned_word_is_marked_but_not_woken)
{
    link_all(1);
    area->head.list |= 1;
    end_as_owner(1, 0);
    CHECK_EQ(area->node[0].word, OWNER_DIED);
}

TEST(robust, exec_ends_ownership)
{
    link_all(1);
    CHECK_IN_CHILD({
        area->node[0].word = self();
        CHECK_OK(syscall(SYS_set_robust_list, &area->head, sizeof area->head));
        execl(test_program, test_program, "helper:nothing_more", NULL);
        _exit(1);
    });
    CHECK_EQ(area->node[0].word, OWNER_DIED);
}

HELPER(nothing_more)
{
    return 0;
}

TEST(robust, the_list_is_set_and_got)
{
    uintptr_t list = 1, size = 0;
    pid_t child;

    link_all(1);
    CHECK_ERR(syscall(SYS_set_robust_list, &area->head, 23), EINVAL);
    CHECK_OK(syscall(SYS_set_robust_list, &area->head, 24));
    CHECK_OK(syscall(SYS_get_robust_list, 0, &list, &size));
    CHECK_EQ(list, (uintptr_t)&area->head);
    CHECK_EQ(size, 24);
    child = CHILD(pause());
    CHECK_OK(syscall(SYS_get_robust_list, child, &list, &size)); /* not inherited */
    CHECK_EQ(list, 0);
    CHECK_ERR(syscall(SYS_get_robust_list, 0x3ffffff, &list, &size), ESRCH);
    CHECK_ERR(syscall(SYS_get_robust_list, 0, 8, &size), EFAULT);
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        CHECK_ERR(syscall(SYS_get_robust_list, child, &list, &size), EPERM);
        CHECK_OK(syscall(SYS_get_robust_list, 0, &list, &size));
    });
    CHECK_OK(syscall(SYS_set_robust_list, NULL, 24));
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
}

struct waitv {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static long waitv(struct waitv *v, unsigned count, unsigned flags, struct timespec *t, int clock)
{
    return syscall(SYS_futex_waitv, v, count, flags, t, clock);
}

static struct waitv of(volatile uint32_t *word, uint32_t value)
{
    return (struct waitv){.value = value, .address = (uintptr_t)word, .flags = 2};
}

TEST(futex, waitv_tells_which_word_was_woken)
{
    volatile uint32_t *w = shared_words();

    for (int i = 0; i < 3; i++) {
        pid_t child = CHILD({
            struct waitv v[3] = {of(w, 0), of(w + 1, 0), of(w + 2, 0)};

            CHECK_EQ(waitv(v, 3, 0, NULL, 0), i);
        });

        until_asleep(child);
        CHECK_EQ(futex(w + i, FUTEX_WAKE, 5, 0, NULL, 0), 1);
        CHECK_EXIT(child, 0);
        CHECK_EQ(futex(w, FUTEX_WAKE, 5, 0, NULL, 0), 0);
    }
}

TEST(futex, waitv_compares_every_word)
{
    volatile uint32_t *w = shared_words();
    struct waitv v[3] = {of(w, 0), of(w + 1, 0), of(w + 2, 9)};

    CHECK_ERR(waitv(v, 3, 0, NULL, 0), EAGAIN);
    CHECK_EQ(futex(w, FUTEX_WAKE, 5, 0, NULL, 0), 0);
}

TEST(futex, waitv_has_an_absolute_time_out_on_two_clocks)
{
    struct waitv v = of(shared_words(), 0);
    struct timespec t = at_ms(CLOCK_MONOTONIC, 20);

    CHECK_ERR(waitv(&v, 1, 0, &t, CLOCK_MONOTONIC), ETIMEDOUT);
    t = at_ms(CLOCK_REALTIME, 20);
    CHECK_ERR(waitv(&v, 1, 0, &t, CLOCK_REALTIME), ETIMEDOUT);
    CHECK_ERR(waitv(&v, 1, 0, &t, CLOCK_PROCESS_CPUTIME_ID), EINVAL);
    t.tv_nsec = -1;
    CHECK_ERR(waitv(&v, 1, 0, &t, CLOCK_MONOTONIC), EINVAL);
}

TEST(futex, waitv_refuses_bad_arguments)
{
    struct waitv v = of(shared_words(), 0);

    CHECK_ERR(waitv(&v, 0, 0, NULL, 0), EINVAL);
    CHECK_ERR(waitv(&v, 129, 0, NULL, 0), EINVAL);
    CHECK_ERR(waitv(&v, 1, 1, NULL, 0), EINVAL);
    CHECK_ERR(waitv(NULL, 1, 0, NULL, 0), EINVAL);
    CHECK_ERR(waitv((struct waitv *)8, 1, 0, NULL, 0), EFAULT);
    v.flags = 0;
    CHECK_ERR(waitv(&v, 1, 0, NULL, 0), EINVAL);
    v.flags = 2;
    v.reserved = 1;
    CHECK_ERR(waitv(&v, 1, 0, NULL, 0), EINVAL);
    v.reserved = 0;
    v.address += 2;
    CHECK_ERR(waitv(&v, 1, 0, NULL, 0), EINVAL);
}
