/*
 * Mapped files: private and shared views, and how they meet read, write and truncate.
 */
#include "test.h"

#include <sys/mman.h>

enum { PAGE = 4096 };

static char *view(int fd, size_t size, int flags)
{
    char *m = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    CHECK(m != MAP_FAILED);
    return m;
}

static int pages(const char *path, int count)
{
    static char data[16 * PAGE];

    for (int i = 0; i < count; i++)
        memset(data + i * PAGE, 'A' + i, PAGE);
    return test_file(path, data, (size_t)count * PAGE);
}

TEST(mapfile, private_view_shows_the_file_and_keeps_its_changes)
{
    int fd = pages("f", 3);
    char *m = view(fd, 3 * PAGE, MAP_PRIVATE), c;

    CHECK_OK(close(fd));
    CHECK_EQ(m[0], 'A');
    CHECK_EQ(m[2 * PAGE], 'C');
    m[PAGE] = 'x';
    CHECK_EQ(m[PAGE], 'x');
    CHECK_EQ(m[PAGE + 1], 'B');
    fd = CHECK_FD(open("f", O_RDONLY));
    CHECK_EQ(pread(fd, &c, 1, PAGE), 1);
    CHECK_EQ(c, 'B');
}

TEST(mapfile, shared_view_and_file_are_one)
{
    int fd = pages("f", 2);
    char *m = view(fd, 2 * PAGE, MAP_SHARED), *n = view(fd, 2 * PAGE, MAP_SHARED), c;

    m[10] = 'm';
    CHECK_EQ(n[10], 'm');
    CHECK_EQ(pread(fd, &c, 1, 10), 1);
    CHECK_EQ(c, 'm');
    CHECK_EQ(pwrite(fd, "w", 1, PAGE + 5), 1);
    CHECK_EQ(m[PAGE + 5], 'w');
    CHECK_OK(msync(m, 2 * PAGE, MS_SYNC));
    CHECK_IN_CHILD(m[20] = 'c');
    CHECK_EQ(n[20], 'c');
}

/* A private reader must not hide another's shared writes. */
TEST(mapfile, private_pages_not_yet_written_follow_the_file)
{
    int fd = pages("f", 2);
    char *private = view(fd, 2 * PAGE, MAP_PRIVATE), *shared = view(fd, 2 * PAGE, MAP_SHARED);

    CHECK_EQ(private[0], 'A');
    shared[0] = 's';
    CHECK_EQ(private[0], 's');
    private[PAGE] = 'p';
    shared[PAGE] = 't';
    CHECK_EQ(private[PAGE], 'p');
    CHECK_EQ(shared[PAGE], 't');
}

TEST(mapfile, offset_selects_the_page)
{
    int fd = pages("f", 4);
    char *m = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE);

    CHECK(m != MAP_FAILED);
    CHECK_EQ(m[0], 'C');
    CHECK_EQ(m[PAGE - 1], 'C');
}

TEST(mapfile, the_rest_of_the_last_page_is_zero)
{
    int fd = test_file("f", "hello", 5);
    char *m = view(fd, PAGE, MAP_SHARED);

    CHECK_EQ(m[4], 'o');
    for (int i = 5; i < PAGE; i++)
        CHECK_EQ(m[i], 0);
    m[100] = 'x'; /* past the end: no part of the file */
    struct stat st;
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_size, 5);
}

TEST(mapfile, extending_the_file_makes_more_of_the_view_valid)
{
    int fd = test_file("f", "x", 1);
    char *m = view(fd, 3 * PAGE, MAP_SHARED);

    CHECK_OK(ftruncate(fd, 3 * PAGE));
    m[2 * PAGE] = 'e';
    char c;
    CHECK_EQ(pread(fd, &c, 1, 2 * PAGE), 1);
    CHECK_EQ(c, 'e');
}

TEST(mapfile, truncation_takes_pages_away_also_private_copies)
{
    int fd = pages("f", 3);
    char *m = view(fd, 3 * PAGE, MAP_PRIVATE);

    m[2 * PAGE] = 'p';
    CHECK_OK(ftruncate(fd, PAGE));
    CHECK_KILLED(CHILD(*(volatile char *)(m + PAGE)), SIGBUS);
    CHECK_KILLED(CHILD(*(volatile char *)(m + 2 * PAGE)), SIGBUS);
    CHECK_OK(ftruncate(fd, 3 * PAGE));
    CHECK_EQ(m[2 * PAGE], 0);
}

TEST(mapfile, truncation_inside_a_page_zeroes_its_end)
{
    int fd = pages("f", 1);
    char *m = view(fd, PAGE, MAP_SHARED);

    CHECK_OK(ftruncate(fd, 10));
    CHECK_OK(ftruncate(fd, PAGE));
    CHECK_EQ(m[9], 'A');
    CHECK_EQ(m[10], 0);
    CHECK_EQ(m[PAGE - 1], 0);
}

/* No lock may be held across the fault on the buffer. */
TEST(mapfile, read_and_write_with_a_buffer_that_maps_the_same_file)
{
    int fd = pages("f", 4);
    char *m = view(fd, 4 * PAGE, MAP_SHARED);

    CHECK_EQ(pread(fd, m + PAGE, PAGE, 0), PAGE);
    CHECK_EQ(m[PAGE], 'A');
    CHECK_EQ(m[2 * PAGE - 1], 'A');
    CHECK_EQ(pwrite(fd, m + 2 * PAGE, PAGE, 3 * PAGE), PAGE);
    CHECK_EQ(m[3 * PAGE], 'C');
    int fresh = pages("g", 4);
    char *n = view(fresh, 4 * PAGE, MAP_PRIVATE);
    CHECK_EQ(pwrite(fresh, n, 2 * PAGE, 2 * PAGE), 2 * PAGE); /* untouched until now */
    CHECK_EQ(n[2 * PAGE], 'A');
    CHECK_EQ(n[3 * PAGE], 'B');
}

TEST(mapfile, an_unlinked_file_lives_in_its_mapping)
{
    int fd = pages("f", 2);
    char *m = view(fd, 2 * PAGE, MAP_SHARED);

    CHECK_OK(unlink("f"));
    CHECK_OK(close(fd));
    m[PAGE] = 'u';
    CHECK_EQ(m[0], 'A');
    CHECK_EQ(m[PAGE], 'u');
}

TEST(mapfile, fork_shares_shared_and_copies_private)
{
    int fd = pages("f", 2);
    char *s = view(fd, 2 * PAGE, MAP_SHARED), *p = view(fd, 2 * PAGE, MAP_PRIVATE);

    p[0] = '1';
    CHECK_IN_CHILD({
        CHECK_EQ(p[0], '1');
        p[0] = '2';
        s[1] = '3';
        p[PAGE] = '4';
    });
    CHECK_EQ(p[0], '1');
    CHECK_EQ(s[1], '3');
    CHECK_EQ(p[1], 'A'); /* that page is a private copy already */
    CHECK_EQ(p[PAGE], 'B');
}

TEST(mapfile, partial_unmap_of_a_file_keeps_the_offset)
{
    int fd = pages("f", 4);
    char *m = view(fd, 4 * PAGE, MAP_PRIVATE);

    CHECK_OK(munmap(m, PAGE));
    CHECK_EQ(m[PAGE], 'B');
    CHECK_OK(munmap(m + 2 * PAGE, PAGE));
    CHECK_EQ(m[3 * PAGE], 'D');
}

TEST(mapfile, writes_through_a_short_buffer_are_partial)
{
    int fd = pages("f", 1);
    char *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK_OK(munmap(two + PAGE, PAGE));
    memset(two, 'q', PAGE);
    CHECK_EQ(write(fd, two + PAGE - 100, 200), 100);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 100);
    CHECK_EQ(pread(fd, two + PAGE - 50, 200, 0), 50);
}
