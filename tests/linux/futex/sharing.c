/*
 * Futexes: what makes two words the same one. Addresses, processes, files.
 */
#include "futexes.h"

#include <pthread.h>

TEST(futex, two_mappings_of_one_file_are_one_futex)
{
    static const char zeros[8192];
    int fd = test_file("words", zeros, sizeof zeros);
    volatile uint32_t *a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    volatile uint32_t *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
    pid_t child;

    CHECK(a != MAP_FAILED && b != MAP_FAILED);
    child = CHILD(CHECK_OK(futex(b + 5, FUTEX_WAIT, 0, 0, NULL, 0)));
    until_asleep(child);
    CHECK_EQ(futex(a + 5, FUTEX_WAKE, 1, 0, NULL, 0), 0);
    CHECK_EQ(futex(a + 1024 + 4, FUTEX_WAKE, 1, 0, NULL, 0), 0);
    CHECK_EQ(futex(a + 1024 + 5, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

TEST(futex, processes_that_open_one_file_share_it)
{
    static const char zeros[4096];
    pid_t child;

    close(test_file("words", zeros, sizeof zeros));
    child = CHILD({
        int fd = open("words", O_RDWR);
        volatile uint32_t *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        close(fd);
        CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0));
        CHECK_EQ(*w, 5);
    });
    until_asleep(child);
    int fd = open("words", O_RDWR);
    volatile uint32_t *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    *w = 5;
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

TEST(futex, another_file_at_the_same_offset_is_another_futex)
{
    static const char zeros[4096];
    int one = test_file("one", zeros, sizeof zeros), two = test_file("two", zeros, sizeof zeros);
    volatile uint32_t *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, one, 0);
    volatile uint32_t *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, two, 0);
    pid_t child = CHILD(CHECK_OK(futex(a, FUTEX_WAIT, 0, 0, NULL, 0)));

    until_asleep(child);
    CHECK_EQ(futex(b, FUTEX_WAKE, 1, 0, NULL, 0), 0);
    CHECK_EQ(futex(a, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

TEST(futex, private_memory_is_not_shared_over_fork)
{
    volatile uint32_t *w = (volatile uint32_t *)private_page();
    struct timespec t = {.tv_nsec = 100000000};
    pid_t child = CHILD(CHECK_ERR(futex(w, FUTEX_WAIT, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT));

    until_asleep(child);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 0);
    CHECK_EQ(futex(w, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, NULL, 0), 0);
    CHECK_EXIT(child, 0);
}

TEST(futex, the_private_flag_names_another_futex_in_shared_memory)
{
    volatile uint32_t *w = shared_words();
    pid_t child = CHILD(CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0)));

    until_asleep(child);
    CHECK_EQ(futex(w, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, NULL, 0), 0);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

struct sleep_request {
    volatile uint32_t *word;
    volatile pid_t tid;
    int op;
    long result;
    int error;
};

static void *sleep_on(void *argument)
{
    struct sleep_request *r = argument;

    r->tid = (pid_t)syscall(SYS_gettid);
    r->result = futex(r->word, r->op, 0, 0, NULL, ~0u);
    r->error = errno;
    return NULL;
}

static void until_thread_sleeps(struct sleep_request *r)
{
    while (!r->tid)
        sched_yield();
    test_sleep_ms(10);
    until_thread_asleep(getpid(), r->tid);
}

TEST(futex, the_private_flag_names_another_futex_in_private_memory)
{
    struct sleep_request r = {.word = (volatile uint32_t *)private_page(), .op = FUTEX_WAIT};
    pthread_t thread;

    CHECK_OK(pthread_create(&thread, NULL, sleep_on, &r));
    until_thread_sleeps(&r);
    CHECK_EQ(futex(r.word, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, NULL, 0), 0);
    CHECK_EQ(futex(r.word, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_EQ(r.result, 0);
}

TEST(futex, a_sleeper_outlives_the_mapping_that_it_named)
{
    static const char zeros[4096];
    int fd = test_file("words", zeros, sizeof zeros);
    volatile uint32_t *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    volatile uint32_t *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct sleep_request r = {.word = a, .op = FUTEX_WAIT};
    pthread_t thread;

    CHECK_OK(pthread_create(&thread, NULL, sleep_on, &r));
    until_thread_sleeps(&r);
    CHECK_OK(munmap((void *)a, 4096));
    CHECK_OK(close(fd));
    CHECK_EQ(futex(b, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_EQ(r.result, 0);
}

TEST(futex, a_killed_waiter_is_no_longer_woken)
{
    volatile uint32_t *w = shared_words();
    pid_t child = CHILD(futex(w, FUTEX_WAIT, 0, 0, NULL, 0));

    until_asleep(child);
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 0);
}

TEST(futex, a_wait_outside_the_file_is_a_fault)
{
    int fd = test_file("words", "abcd", 4);
    volatile uint32_t *w = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    CHECK(w != MAP_FAILED);
    CHECK_ERR(futex(w + 1024, FUTEX_WAIT, 0, 0, NULL, 0), EFAULT);
    CHECK_ERR(futex(w, FUTEX_WAIT, 0, 0, NULL, 0), EAGAIN);
}
