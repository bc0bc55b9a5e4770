/*
 * Overcommit in mode 0: what obviously cannot be is refused.
 */
#include "test.h"

#include <sys/mman.h>

#define GIB (1ul << 30)
#define TIB (1ul << 40)

static void *anonymous(size_t size, int prot, int flags)
{
    return mmap(NULL, size, prot, MAP_ANONYMOUS | flags, -1, 0);
}

TEST(commit, the_mode_is_a_guess)
{
    CHECK_STR(test_read_file("/proc/sys/vm/overcommit_memory", NULL), "0\n");
}

TEST(commit, a_private_writable_tebibyte_is_refused)
{
    CHECK(anonymous(TIB, PROT_READ | PROT_WRITE, MAP_PRIVATE) == MAP_FAILED && errno == ENOMEM);
}

TEST(commit, without_reserve_or_without_writing_it_is_not)
{
    CHECK(anonymous(TIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE) != MAP_FAILED);
    CHECK(anonymous(TIB, PROT_READ, MAP_PRIVATE) != MAP_FAILED);
    CHECK(anonymous(TIB, PROT_NONE, MAP_PRIVATE) != MAP_FAILED);
}

TEST(commit, shared_memory_counts_when_it_is_made)
{
    CHECK(anonymous(TIB, PROT_READ, MAP_SHARED) == MAP_FAILED && errno == ENOMEM);
    CHECK(anonymous(TIB, PROT_READ, MAP_SHARED | MAP_NORESERVE) != MAP_FAILED);
}

TEST(commit, mprotect_to_write_is_asked_too)
{
    char *p = anonymous(TIB, PROT_NONE, MAP_PRIVATE);

    CHECK_ERR(mprotect(p, TIB, PROT_READ | PROT_WRITE), ENOMEM);
    CHECK_OK(mprotect(p, 1 << 20, PROT_READ | PROT_WRITE));
    p[0] = 1;
}

TEST(commit, mremap_is_asked_too)
{
    char *p = anonymous(1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    CHECK(mremap(p, 1 << 20, TIB, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
    p[0] = 1;
}

TEST(commit, brk_is_asked_too)
{
    char *now = sbrk(0);

    CHECK_EQ(syscall(SYS_brk, now + TIB), (long)now);
}

TEST(commit, the_sum_is_told)
{
    char *at = strstr(test_read_file("/proc/meminfo", NULL), "Committed_AS:");
    long before, with, after;

    CHECK(at);
    before = atol(at + 13);
    char *p = anonymous(64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    with = atol(strstr(test_read_file("/proc/meminfo", NULL), "Committed_AS:") + 13);
    CHECK_OK(munmap(p, 64 << 20));
    after = atol(strstr(test_read_file("/proc/meminfo", NULL), "Committed_AS:") + 13);
    CHECK_GE(with - before, 60000);
    CHECK_GE(with - after, 60000);
}

TEST(commit, mode_1_refuses_nothing)
{
    int fd = CHECK_FD(open("/proc/sys/vm/overcommit_memory", O_RDWR));
    void *p;

    CHECK_EQ(write(fd, "1\n", 2), 2);
    p = anonymous(TIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    CHECK_EQ(pwrite(fd, "0\n", 2, 0), 2);
    CHECK(p != MAP_FAILED);
    CHECK_ERR(pwrite(fd, "3\n", 2, 0), EINVAL);
    CHECK_ERR(pwrite(fd, "x\n", 2, 0), EINVAL);
}

TEST(commit, mode_2_looks_at_the_sum)
{
    int fd = CHECK_FD(open("/proc/sys/vm/overcommit_memory", O_RDWR));
    long limit = atol(strstr(test_read_file("/proc/meminfo", NULL), "CommitLimit:") + 12);
    void *p[8];
    int fine = 0;

    CHECK_EQ(write(fd, "2\n", 2), 2);
    for (int i = 0; i < 8; i++)
        fine += (p[i] = anonymous((size_t)limit / 4 * 1024, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_NORESERVE)) != MAP_FAILED;
    CHECK_EQ(pwrite(fd, "0\n", 2, 0), 2);
    CHECK_GE(fine, 2);
    CHECK_LE(fine, 4);
}

TEST(commit, the_mode_is_not_for_everybody)
{
    int status;
    pid_t child = CHILD({
        CHECK_OK(setuid(1000));
        CHECK_ERR(open("/proc/sys/vm/overcommit_memory", O_WRONLY), EACCES);
    });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}
