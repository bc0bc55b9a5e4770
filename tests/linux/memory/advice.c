/*
 * madvise, and mprotect's way with holes.
 */
#include "test.h"

#include <sys/mman.h>

#define PAGE 4096ul
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLD
#define MADV_COLD    20
#define MADV_PAGEOUT 21
#endif

static char *pages(size_t n)
{
    char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    for (size_t i = 0; i < n; i++)
        p[i * PAGE] = (char)('a' + i);
    return p;
}

static char *file_pages(size_t n, int prot, int flags)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600));
    char *p;

    CHECK_OK(ftruncate(fd, (off_t)(n * PAGE)));
    for (size_t i = 0; i < n; i++)
        CHECK_EQ(pwrite(fd, "file", 4, (off_t)(i * PAGE)), 4);
    p = mmap(NULL, n * PAGE, prot, flags, fd, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static int touch(char *p)
{
    int status;
    pid_t child = CHILD({ *(volatile char *)p = 1; });

    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static bool present(char *p)
{
    unsigned char there;

    CHECK_OK(mincore(p, PAGE, &there));
    return there & 1;
}

TEST(madvise, hints_change_nothing)
{
    static const int hints[] = {MADV_NORMAL,   MADV_RANDOM,     MADV_SEQUENTIAL, MADV_WILLNEED,
                                MADV_COLD,     MADV_PAGEOUT,    MADV_DONTDUMP,   MADV_DODUMP,
                                MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE,  MADV_UNMERGEABLE};
    char *p = pages(2);

    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        CHECK_OK(madvise(p, 2 * PAGE, hints[i]));
    CHECK_EQ(p[0], 'a');
    CHECK_EQ(p[PAGE], 'b');
}

TEST(madvise, arguments_that_are_refused)
{
    char *p = pages(2);

    CHECK_ERR(madvise(p, PAGE, 77), EINVAL);
    CHECK_ERR(madvise(p, PAGE, 5), EINVAL);
    CHECK_ERR(madvise(p, PAGE, -1), EINVAL);
    CHECK_ERR(madvise(p + 1, PAGE, MADV_NORMAL), EINVAL);
    CHECK_OK(madvise(p, 0, MADV_NORMAL));
    CHECK_ERR(madvise(p, 0, 77), EINVAL);
}

TEST(madvise, a_hole_is_enomem_after_the_rest)
{
    char *p = pages(4);

    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_ERR(madvise(p, 4 * PAGE, MADV_DONTNEED), ENOMEM);
    CHECK_EQ(p[0], 0);
    CHECK_EQ(p[2 * PAGE], 0);
    CHECK_EQ(p[3 * PAGE], 0);
    CHECK_ERR(madvise(p + PAGE, PAGE, MADV_NORMAL), ENOMEM);
}

TEST(madvise, free_gives_the_old_or_zeros_and_keeps_what_is_written_then)
{
    char *p = pages(3);

    CHECK_OK(madvise(p, 3 * PAGE, MADV_FREE));
    CHECK(p[0] == 'a' || p[0] == 0);
    p[PAGE] = 'n';
    CHECK_EQ(p[PAGE], 'n');
}

TEST(madvise, free_is_for_private_anonymous_memory)
{
    char *p = file_pages(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK_ERR(madvise(p, PAGE, MADV_FREE), EINVAL);
    CHECK_ERR(madvise(q, PAGE, MADV_FREE), EINVAL);
}

TEST(madvise, dontneed_of_a_private_file_shows_the_file_again)
{
    char *p = file_pages(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    memcpy(p, "mine", 4);
    CHECK_OK(madvise(p, PAGE, MADV_DONTNEED));
    CHECK_MEM(p, "file", 4);
}

TEST(madvise, dontneed_of_shared_memory_keeps_the_content)
{
    char *p = file_pages(1, PROT_READ | PROT_WRITE, MAP_SHARED);

    memcpy(p, "mine", 4);
    CHECK_OK(madvise(p, PAGE, MADV_DONTNEED));
    CHECK_MEM(p, "mine", 4);
}

TEST(madvise, dontneed_in_a_child_leaves_the_parents)
{
    char *p = pages(1);
    int status;
    pid_t child = CHILD({
        CHECK_OK(madvise(p, PAGE, MADV_DONTNEED));
        CHECK_EQ(p[0], 0);
    });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(p[0], 'a');
}

TEST(madvise, dontfork_leaves_a_hole_in_the_child)
{
    char *p = pages(3);
    int status;
    pid_t child;

    CHECK_OK(madvise(p + PAGE, PAGE, MADV_DONTFORK));
    child = CHILD({
        CHECK_EQ(p[0], 'a');
        CHECK_EQ(p[2 * PAGE], 'c');
        CHECK_EQ(touch(p + PAGE), SIGSEGV);
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(p[PAGE], 'b');
    CHECK_OK(madvise(p, 3 * PAGE, MADV_DOFORK));
    CHECK_EQ(touch(p + PAGE), 0);
}

TEST(madvise, dontfork_goes_on_behind_a_hole)
{
    char *p = pages(3);

    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_ERR(madvise(p, 3 * PAGE, MADV_DONTFORK), ENOMEM);
    CHECK_EQ(touch(p), SIGSEGV);
    CHECK_EQ(touch(p + 2 * PAGE), SIGSEGV);
}

TEST(madvise, wipeonfork_gives_the_child_zeros)
{
    char *p = pages(2);
    int status;
    pid_t child;

    CHECK_OK(madvise(p, PAGE, MADV_WIPEONFORK));
    child = CHILD({
        CHECK_EQ(p[0], 0);
        CHECK_EQ(p[PAGE], 'b');
        p[0] = 'x';
        /* It is inherited. */
        pid_t grandchild = CHILD({ CHECK_EQ(p[0], 0); });

        CHECK_EQ(waitpid(grandchild, &status, 0), grandchild);
        CHECK_EQ(status, 0);
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(p[0], 'a');
    CHECK_OK(madvise(p, PAGE, MADV_KEEPONFORK));
    child = CHILD({ CHECK_EQ(p[0], 'a'); });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

TEST(madvise, wipeonfork_is_for_private_anonymous_memory)
{
    char *p = file_pages(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK_ERR(madvise(p, PAGE, MADV_WIPEONFORK), EINVAL);
    CHECK_ERR(madvise(q, PAGE, MADV_WIPEONFORK), EINVAL);
}

TEST(madvise, remove_punches_a_hole_into_the_file)
{
    char *p = file_pages(3, PROT_READ | PROT_WRITE, MAP_SHARED), got[4];
    int fd = CHECK_FD(open("f", O_RDONLY));

    CHECK_OK(madvise(p + PAGE, PAGE, MADV_REMOVE));
    CHECK_EQ(pread(fd, got, 4, PAGE), 4);
    CHECK_MEM(got, "\0\0\0\0", 4);
    CHECK_EQ(p[PAGE], 0);
    CHECK_MEM(p + 2 * PAGE, "file", 4);
    CHECK_EQ(lseek(fd, 0, SEEK_END), 3 * PAGE);
}

TEST(madvise, remove_needs_a_shared_file_that_can_be_written)
{
    char *p = file_pages(1, PROT_READ, MAP_SHARED), *q;
    char *r = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, CHECK_FD(open("f", O_RDWR)), 0);

    q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, CHECK_FD(open("f", O_RDONLY)), 0);
    CHECK_ERR(madvise(q, PAGE, MADV_REMOVE), EACCES);
    CHECK_ERR(madvise(r, PAGE, MADV_REMOVE), EACCES);
    CHECK_ERR(madvise(pages(1), PAGE, MADV_REMOVE), EINVAL);
    CHECK_OK(madvise(p, PAGE, MADV_REMOVE));
    CHECK_EQ(q[0], 0);
}

TEST(madvise, populate_brings_in)
{
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(!present(p));
    CHECK_OK(madvise(p, PAGE, MADV_POPULATE_READ));
    CHECK_OK(madvise(p + PAGE, PAGE, MADV_POPULATE_WRITE));
    CHECK(present(p) && present(p + PAGE) && !present(p + 2 * PAGE));
}

TEST(madvise, populate_needs_the_permission)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK_ERR(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL);
    CHECK_OK(mprotect(p, PAGE, PROT_NONE));
    CHECK_ERR(madvise(p, PAGE, MADV_POPULATE_READ), EINVAL);
    CHECK_OK(munmap(p, PAGE));
    CHECK_ERR(madvise(p, 2 * PAGE, MADV_POPULATE_READ), ENOMEM);
}

TEST(madvise, populate_past_the_end_of_a_file_is_efault)
{
    char *p = file_pages(2, PROT_READ, MAP_SHARED);

    CHECK_OK(truncate("f", PAGE));
    CHECK_ERR(madvise(p, 2 * PAGE, MADV_POPULATE_READ), EFAULT);
    CHECK_OK(madvise(p, PAGE, MADV_POPULATE_READ));
}

TEST(madvise, map_populate_and_locked_bring_in)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    char *q = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
                   -1, 0);
    char *r = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_NONBLOCK, -1, 0);

    CHECK(present(p) && present(p + PAGE));
    CHECK(present(q) && present(q + PAGE));
    CHECK(!present(r));
    CHECK_ERR(madvise(q, PAGE, MADV_DONTNEED), EINVAL);
}

TEST(mprotect, what_lies_before_a_hole_is_changed)
{
    char *p = pages(4);

    CHECK_OK(munmap(p + 2 * PAGE, PAGE));
    CHECK_ERR(mprotect(p, 4 * PAGE, PROT_READ), ENOMEM);
    CHECK_EQ(touch(p), SIGSEGV);
    CHECK_EQ(touch(p + PAGE), SIGSEGV);
    CHECK_EQ(touch(p + 3 * PAGE), 0);
}

TEST(mprotect, what_lies_before_a_refusal_is_changed)
{
    char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = CHECK_FD(open("f", O_RDONLY | O_CREAT, 0600));

    CHECK(mmap(p + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == p + PAGE);
    CHECK_ERR(mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_EQ(touch(p), 0);
    CHECK_EQ(touch(p + 2 * PAGE), SIGSEGV);
}

TEST(mprotect, a_shared_file_opened_for_reading_never_becomes_writable)
{
    int fd;
    char *p = file_pages(1, PROT_READ, MAP_PRIVATE), *q;

    fd = CHECK_FD(open("f", O_RDONLY));
    q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_ERR(mprotect(q, PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_OK(mprotect(q, PAGE, PROT_NONE));
    CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
    p[0] = 'p';
    CHECK_OK(mprotect(q, PAGE, PROT_READ));
    CHECK_EQ(q[0], 'f');
}

TEST(mprotect, bits_that_are_taken_and_refused)
{
    char *p = pages(1);

    CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_WRITE | 8));
    CHECK_ERR(mprotect(p, PAGE, 0x10), EINVAL);
    CHECK_ERR(mprotect(p, PAGE, PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
    CHECK_ERR(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL);
    CHECK_OK(mprotect(p, 0, PROT_READ));
    p[0] = 1;
}
