/*
 * Variables of each thread: in the program, and in a library that is loaded while threads run.
 */
#include "test.h"

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>

static __thread int mine = 5;
static __thread long aligned __attribute__((aligned(64))) = 9;
static sem_t go, seen, again;
static int *(*address)(void);
static char *(*zeros)(void);

static void *look(void *number)
{
    CHECK_EQ(mine, 5);
    CHECK_EQ((uintptr_t)&aligned % 64, 0);
    CHECK_EQ(aligned, 9);
    mine = (int)(intptr_t)number;
    CHECK_OK(sem_wait(&go));
    CHECK_EQ(*address(), 17);
    *address() = mine + 100;
    for (int i = 0; i < 5000; i++)
        CHECK_EQ(zeros()[i], 0);
    memset(zeros(), mine, 5000);
    sem_post(&seen);
    CHECK_OK(sem_wait(&again));
    CHECK_EQ(*address(), mine + 100);
    CHECK_EQ(zeros()[4999], (char)mine);
    CHECK_EQ(mine, (intptr_t)number);
    return address();
}

TEST(thread, a_library_loaded_later_has_variables_of_each_thread)
{
    pthread_t before[5], after;
    void *library, *results[6];

    CHECK_OK(sem_init(&go, 0, 0));
    CHECK_OK(sem_init(&seen, 0, 0));
    CHECK_OK(sem_init(&again, 0, 0));
    for (intptr_t i = 0; i < 5; i++)
        CHECK_OK(pthread_create(&before[i], NULL, look, (void *)(i + 1)));
    library = dlopen("/tests/thread-local.so", RTLD_NOW);
    if (!library)
        FAIL("%s", dlerror());
    address = (int *(*)(void))dlsym(library, "library_local_address");
    zeros = (char *(*)(void))dlsym(library, "library_zeros_address");
    CHECK(address && zeros);
    CHECK_OK(pthread_create(&after, NULL, look, (void *)6));
    for (int i = 0; i < 6; i++)
        sem_post(&go);
    for (int i = 0; i < 6; i++)
        CHECK_OK(sem_wait(&seen));
    CHECK_EQ(*address(), 17);
    for (int i = 0; i < 6; i++)
        sem_post(&again);
    for (int i = 0; i < 5; i++)
        CHECK_OK(pthread_join(before[i], &results[i]));
    CHECK_OK(pthread_join(after, &results[5]));
    CHECK_EQ(mine, 5);
}

static void *change_errno(void *unused)
{
    CHECK_EQ(close(-1), -1);
    CHECK_EQ(errno, EBADF);
    return unused ? unused : &errno;
}

TEST(thread, each_has_an_errno_of_its_own)
{
    pthread_t t;
    void *theirs;

    errno = 77;
    CHECK_OK(pthread_create(&t, NULL, change_errno, NULL));
    CHECK_OK(pthread_join(t, &theirs));
    CHECK_EQ(errno, 77);
    CHECK_NE((uintptr_t)theirs, (uintptr_t)&errno);
}
