/*
 * mmap, munmap, mprotect, mremap, brk and friends on anonymous memory.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

enum { PAGE = 4096 };

static char *map(size_t size, int protection)
{
    char *m = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(m != MAP_FAILED);
    return m;
}

/* Whether this byte can be read, by asking the kernel. */
static bool readable(const void *at)
{
    static int p[2];
    char c;

    if (!p[1])
        CHECK_OK(pipe(p));
    if (write(p[1], at, 1) != 1)
        return false;
    CHECK_EQ(read(p[0], &c, 1), 1);
    return true;
}

TEST(mmap, anonymous_memory_is_zero_and_writable)
{
    char *m = map(64 * PAGE, PROT_READ | PROT_WRITE);

    CHECK_EQ((uintptr_t)m % PAGE, 0);
    for (int i = 0; i < 64 * PAGE; i++)
        CHECK_EQ(m[i], 0);
    memset(m, 7, 64 * PAGE);
    CHECK_OK(munmap(m, 64 * PAGE));
    m = map(64 * PAGE, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 64 * PAGE; i++)
        CHECK_EQ(m[i], 0);
}

TEST(mmap, arguments_that_are_refused)
{
    int fd = test_file("f", "abc", 3), readonly = CHECK_FD(open("f", O_RDONLY));
    int writeonly = CHECK_FD(open("f", O_WRONLY)), p[2];

    CHECK_OK(pipe(p));
    CHECK_ERR(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERR(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERR(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100L), EINVAL);
    CHECK_ERR(mmap((void *)100, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
              EINVAL);
    CHECK_ERR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
    CHECK_ERR(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, readonly, 0), EACCES);
    CHECK_ERR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writeonly, 0), EACCES);
    CHECK_ERR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[0], 0), ENODEV);
    CHECK_ERR(syscall(SYS_mmap, NULL, 1L << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L),
              ENOMEM);
    CHECK_ERR(syscall(SYS_mmap, NULL, -4095L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L),
              ENOMEM);
    CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, readonly, 0) != MAP_FAILED);
}

TEST(mmap, a_hint_is_taken_when_it_is_free)
{
    char *at = (char *)0x200000000000;

    CHECK(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at);
    char *other = mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(other != MAP_FAILED && other != at);
    CHECK_ERR(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
              EEXIST);
}

TEST(mmap, fixed_replaces_the_middle_of_another)
{
    char *m = map(5 * PAGE, PROT_READ | PROT_WRITE);

    memset(m, 'a', 5 * PAGE);
    CHECK(mmap(m + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == m + 2 * PAGE);
    CHECK_EQ(m[2 * PAGE - 1], 'a');
    CHECK_EQ(m[2 * PAGE], 0);
    CHECK_EQ(m[3 * PAGE - 1], 0);
    CHECK_EQ(m[3 * PAGE], 'a');
}

TEST(mmap, munmap_of_the_middle_splits)
{
    char *m = map(6 * PAGE, PROT_READ | PROT_WRITE);

    memset(m, 'x', 6 * PAGE);
    CHECK_OK(munmap(m + 2 * PAGE, 2 * PAGE));
    CHECK(readable(m + 2 * PAGE - 1));
    CHECK(!readable(m + 2 * PAGE));
    CHECK(!readable(m + 4 * PAGE - 1));
    CHECK(readable(m + 4 * PAGE));
    CHECK_EQ(m[4 * PAGE], 'x');
    CHECK_OK(munmap(m, 6 * PAGE)); /* holes are no error */
    CHECK(!readable(m));
    CHECK(!readable(m + 5 * PAGE));
    CHECK_OK(munmap(m, 6 * PAGE));
}

TEST(mmap, munmap_arguments)
{
    char *m = map(2 * PAGE, PROT_READ);

    CHECK_ERR(munmap(m + 1, PAGE), EINVAL);
    CHECK_ERR(munmap(m, 0), EINVAL);
    CHECK_ERR(syscall(SYS_munmap, 0xffff800000000000, 4096L), EINVAL);
    CHECK_OK(munmap(m, 1)); /* a whole page goes */
    CHECK(!readable(m + PAGE - 1));
    CHECK(readable(m + PAGE));
}

TEST(mmap, mprotect_splits_and_joins)
{
    char *m = map(4 * PAGE, PROT_READ | PROT_WRITE);

    memset(m, 'y', 4 * PAGE);
    CHECK_OK(mprotect(m + PAGE, 2 * PAGE, PROT_NONE));
    CHECK(readable(m));
    CHECK(!readable(m + PAGE));
    CHECK(!readable(m + 3 * PAGE - 1));
    CHECK(readable(m + 3 * PAGE));
    CHECK_OK(mprotect(m, 4 * PAGE, PROT_READ | PROT_WRITE));
    for (int i = 0; i < 4 * PAGE; i++)
        CHECK_EQ(m[i], 'y');
    m[PAGE] = 'z';
}

TEST(mmap, mprotect_errors)
{
    char *m = map(3 * PAGE, PROT_READ);
    int fd = test_file("f", "abc", 3), readonly = CHECK_FD(open("f", O_RDONLY));

    (void)fd;
    CHECK_ERR(syscall(SYS_mprotect, m + 1, (long)PAGE, PROT_READ), EINVAL);
    CHECK_OK(munmap(m + PAGE, PAGE));
    CHECK_ERR(syscall(SYS_mprotect, m, 3L * PAGE, PROT_READ | PROT_WRITE), ENOMEM);
    char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, readonly, 0);
    CHECK(shared != MAP_FAILED);
    CHECK_ERR(syscall(SYS_mprotect, shared, (long)PAGE, PROT_READ | PROT_WRITE), EACCES);
    char *private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, readonly, 0);
    CHECK(private != MAP_FAILED);
    CHECK_OK(mprotect(private, PAGE, PROT_READ | PROT_WRITE));
}

TEST(mmap, kernel_honours_the_protection)
{
    char *m = map(PAGE, PROT_READ | PROT_WRITE);
    int fd = test_file("f", "abc", 3);

    CHECK_OK(mprotect(m, PAGE, PROT_READ));
    CHECK_ERR(read(fd, m, 3), EFAULT);
    CHECK_OK(mprotect(m, PAGE, PROT_NONE));
    CHECK_ERR(write(fd, m, 3), EFAULT);
}

TEST(mmap, code_written_then_made_executable_runs)
{
    static const unsigned char code[] = {0xb8, 0x2a, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
    unsigned char *m = (void *)map(PAGE, PROT_READ | PROT_WRITE);

    for (int i = 0; i < 100; i++) {
        memcpy(m, code, sizeof code);
        m[1] = (unsigned char)i;
        CHECK_OK(mprotect(m, PAGE, PROT_READ | PROT_EXEC));
        CHECK_EQ(((int (*)(void))(uintptr_t)m)(), i);
        CHECK_OK(mprotect(m, PAGE, PROT_READ | PROT_WRITE));
    }
}

TEST(mmap, large_reservation_costs_nothing)
{
    size_t size = (size_t)1 << 30;
    char *m = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    CHECK(m != MAP_FAILED);
    CHECK_OK(mprotect(m + size / 2, PAGE, PROT_READ | PROT_WRITE));
    m[size / 2] = 1;
    CHECK_IN_CHILD(CHECK_EQ(m[size / 2], 1));
    CHECK_OK(munmap(m, size));
}

TEST(mmap, a_thousand_mappings_alternating_protection)
{
    enum { COUNT = 1000 };
    char *m = map(COUNT * PAGE, PROT_READ | PROT_WRITE);

    for (int i = 0; i < COUNT; i += 2)
        CHECK_OK(mprotect(m + i * PAGE, PAGE, PROT_READ));
    for (int i = 0; i < COUNT; i++)
        if (i % 2)
            m[i * PAGE] = (char)i;
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(m[i * PAGE], i % 2 ? (char)i : 0);
    for (int i = 0; i < COUNT; i += 3)
        CHECK_OK(munmap(m + i * PAGE, PAGE));
    CHECK_OK(munmap(m, COUNT * PAGE));
}

TEST(mmap, dontneed_makes_it_zero_again)
{
    char *m = map(4 * PAGE, PROT_READ | PROT_WRITE);

    memset(m, 'd', 4 * PAGE);
    CHECK_OK(madvise(m + PAGE, 2 * PAGE, MADV_DONTNEED));
    CHECK_EQ(m[0], 'd');
    CHECK_EQ(m[PAGE], 0);
    CHECK_EQ(m[3 * PAGE - 1], 0);
    CHECK_EQ(m[3 * PAGE], 'd');
    CHECK_ERR(syscall(SYS_madvise, m, (long)PAGE, 9999), EINVAL);
}

TEST(mmap, mremap_grows_moves_and_shrinks)
{
    char *m = map(3 * PAGE, PROT_READ | PROT_WRITE), *n;

    for (int i = 0; i < 3; i++)
        m[i * PAGE] = (char)('0' + i);
    CHECK_OK(munmap(m + 2 * PAGE, PAGE));
    map(PAGE, PROT_READ);
    n = mremap(m, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
    CHECK(n != MAP_FAILED);
    CHECK_EQ(n[0], '0');
    CHECK_EQ(n[PAGE], '1');
    CHECK_EQ(n[299 * PAGE], 0);
    CHECK(mremap(n, 300 * PAGE, PAGE, 0) == n);
    CHECK(!readable(n + PAGE));
    CHECK_EQ(n[0], '0');
}

TEST(mmap, brk_grows_and_shrinks_and_zeroes)
{
    char *start = (char *)syscall(SYS_brk, 0);

    CHECK_EQ(syscall(SYS_brk, start + 10 * PAGE), (intptr_t)start + 10 * PAGE);
    memset(start, 'b', 10 * PAGE);
    CHECK_EQ(syscall(SYS_brk, start + PAGE), (intptr_t)start + PAGE);
    CHECK_EQ(syscall(SYS_brk, 0), (intptr_t)start + PAGE);
    CHECK(!readable(start + 9 * PAGE));
    CHECK_EQ(syscall(SYS_brk, start + 10 * PAGE), (intptr_t)start + 10 * PAGE);
    CHECK_EQ(start[9 * PAGE], 0);
    CHECK_EQ(syscall(SYS_brk, 8), (intptr_t)start + 10 * PAGE); /* refused: the old one */
    CHECK_IN_CHILD(CHECK_EQ(syscall(SYS_brk, 0), (intptr_t)start + 10 * PAGE));
}

TEST(mmap, maps_until_it_cannot_and_goes_on)
{
    struct rlimit limit = {64 << 20, 64 << 20};
    int count = 0;
    char *m, *last = NULL;

    CHECK_OK(setrlimit(RLIMIT_AS, &limit));
    while ((m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) !=
           MAP_FAILED) {
        count++;
        last = m;
    }
    CHECK_EQ(errno, ENOMEM);
    CHECK_GE(count, 50);
    CHECK_LE(count, 64);
    CHECK_OK(munmap(last, 1 << 20));
    CHECK(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

TEST(mmap, the_stack_grows_to_its_limit)
{
    CHECK_IN_CHILD({
        /* 6 MiB of the 8 that the default limit allows, touched from the top down */
        volatile char *here = __builtin_frame_address(0);
        for (size_t down = 8192; down < 6 << 20; down += PAGE)
            here[-(ptrdiff_t)down] = 1;
    });
}

TEST(mmap, malloc_of_every_size_keeps_its_contents)
{
    enum { COUNT = 400 };
    static unsigned char *blocks[COUNT];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            size_t size = (size_t)(i * i % 5000 + 1) * (i % 50 == 0 ? 100 : 1);
            CHECK((blocks[i] = malloc(size)));
            memset(blocks[i], i, size);
        }
        for (int i = 0; i < COUNT; i++) {
            size_t size = (size_t)(i * i % 5000 + 1) * (i % 50 == 0 ? 100 : 1);
            for (size_t at = 0; at < size; at += 97)
                CHECK_EQ(blocks[i][at], (unsigned char)i);
            free(blocks[i]);
        }
    }
}
