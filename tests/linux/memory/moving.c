/*
 * mremap: contents, several mappings, duplicates, MREMAP_DONTUNMAP.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096ul
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *pages(size_t n, int flags)
{
    char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    for (size_t i = 0; i < n; i++)
        p[i * PAGE] = (char)('a' + i);
    return p;
}

static bool mapped(char *p)
{
    unsigned char there;

    return mincore(p, PAGE, &there) == 0;
}

static void *move(void *old, size_t was, size_t is, int flags, void *to)
{
    return (void *)syscall(SYS_mremap, old, was, is, flags, to);
}

TEST(mremap, old_size_zero_duplicates_shared_memory)
{
    char *p = pages(2, MAP_SHARED), *q = move(p, 0, 2 * PAGE, MREMAP_MAYMOVE, NULL);

    CHECK(q != MAP_FAILED && q != p);
    CHECK_EQ(q[PAGE], 'b');
    q[0] = 'z';
    CHECK_EQ(p[0], 'z');
    CHECK_OK(munmap(p, 2 * PAGE));
    CHECK_EQ(q[0], 'z');
}

TEST(mremap, a_duplicate_may_begin_in_the_middle)
{
    char *p = pages(3, MAP_SHARED), *q = move(p + PAGE, 0, PAGE, MREMAP_MAYMOVE, NULL);

    CHECK(q != MAP_FAILED);
    CHECK_EQ(q[0], 'b');
    q[5] = 'y';
    CHECK_EQ(p[PAGE + 5], 'y');
}

TEST(mremap, a_duplicate_at_a_fixed_place)
{
    char *p = pages(1, MAP_SHARED), *to = pages(2, MAP_PRIVATE);

    CHECK(move(p, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    CHECK_EQ(to[0], 'a');
    CHECK_EQ(to[PAGE], 'b');
    to[1] = 9;
    CHECK_EQ(p[1], 9);
}

TEST(mremap, private_memory_is_not_duplicated)
{
    char *p = pages(1, MAP_PRIVATE);

    CHECK(move(p, 0, PAGE, MREMAP_MAYMOVE, NULL) == MAP_FAILED && errno == EINVAL);
    CHECK_EQ(p[0], 'a');
}

TEST(mremap, duplicates_need_maymove)
{
    char *p = pages(1, MAP_SHARED);

    CHECK(move(p, 0, PAGE, 0, NULL) == MAP_FAILED && errno == ENOMEM);
}

TEST(mremap, dontunmap_leaves_zeros_behind)
{
    char *p = pages(3, MAP_PRIVATE),
         *q = move(p, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

    CHECK(q != MAP_FAILED && q != p);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(q[i * PAGE], 'a' + i);
        CHECK_EQ(p[i * PAGE], 0);
    }
    p[0] = 1;
    CHECK_EQ(q[0], 'a');
}

TEST(mremap, dontunmap_of_shared_memory_shows_it_twice)
{
    char *p = pages(1, MAP_SHARED),
         *q = move(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

    CHECK(q != MAP_FAILED);
    CHECK_EQ(q[0], 'a');
    CHECK_EQ(p[0], 'a');
}

TEST(mremap, dontunmap_to_a_fixed_place)
{
    char *p = pages(1, MAP_PRIVATE), *to = pages(1, MAP_PRIVATE);

    p[0] = 'x';
    CHECK(move(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to);
    CHECK_EQ(to[0], 'x');
    CHECK_EQ(p[0], 0);
}

TEST(mremap, dontunmap_does_not_resize)
{
    char *p = pages(2, MAP_PRIVATE);

    CHECK(move(p, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL) == MAP_FAILED &&
          errno == EINVAL);
    CHECK(move(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL) == MAP_FAILED &&
          errno == EINVAL);
    CHECK(move(p, PAGE, PAGE, MREMAP_DONTUNMAP, NULL) == MAP_FAILED && errno == EINVAL);
}

TEST(mremap, does_not_cross_mappings)
{
    char *p = pages(4, MAP_PRIVATE);

    CHECK_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ));
    CHECK(move(p, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, NULL) == MAP_FAILED && errno == EFAULT);
    CHECK_EQ(p[3 * PAGE], 'd');
}

TEST(mremap, shrinking_may_cross_mappings_and_holes)
{
    char *p = pages(6, MAP_PRIVATE);

    CHECK_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ));
    CHECK_OK(munmap(p + 4 * PAGE, PAGE));
    CHECK(move(p, 6 * PAGE, PAGE, 0, NULL) == p);
    CHECK(mapped(p));
    for (int i = 1; i < 6; i++)
        CHECK(!mapped(p + i * PAGE));
}

TEST(mremap, the_same_size_is_the_same_place)
{
    char *p = pages(2, MAP_PRIVATE);

    CHECK(move(p, 2 * PAGE, 2 * PAGE, 0, NULL) == p);
    CHECK(move(p, 100 * PAGE, 100 * PAGE, 0, NULL) == p);
    CHECK(move(p + PAGE, PAGE, PAGE, MREMAP_MAYMOVE, NULL) == p + PAGE);
}

TEST(mremap, grows_in_place_when_there_is_room)
{
    char *p = pages(4, MAP_PRIVATE);

    CHECK_OK(munmap(p + 2 * PAGE, 2 * PAGE));
    CHECK(move(p, 2 * PAGE, 4 * PAGE, 0, NULL) == p);
    CHECK_EQ(p[PAGE], 'b');
    CHECK_EQ(p[3 * PAGE], 0);
}

TEST(mremap, without_room_and_maymove_it_is_enomem)
{
    char *p = pages(4, MAP_PRIVATE);

    CHECK_OK(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ));
    CHECK(move(p, 2 * PAGE, 3 * PAGE, 0, NULL) == MAP_FAILED && errno == ENOMEM);
}

TEST(mremap, a_part_from_the_middle_moves_and_leaves_a_hole)
{
    char *p = pages(3, MAP_PRIVATE), *q = move(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);

    CHECK(q != MAP_FAILED);
    CHECK_EQ(q[0], 'b');
    CHECK_EQ(q[PAGE], 0);
    CHECK(mapped(p));
    CHECK(!mapped(p + PAGE));
    CHECK(mapped(p + 2 * PAGE));
}

TEST(mremap, what_was_at_the_target_has_gone_even_if_it_fails)
{
    char *to = pages(2, MAP_PRIVATE), *hole = pages(1, MAP_PRIVATE);

    CHECK_OK(munmap(hole, PAGE));
    CHECK(move(hole, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED &&
          errno == EFAULT);
    CHECK(mapped(to)); /* this one is found before */
    CHECK(move(to + PAGE, 3 * PAGE, PAGE * 3, MREMAP_MAYMOVE | MREMAP_FIXED, to - 8 * PAGE) ==
          MAP_FAILED);
    CHECK_EQ(errno, EFAULT);
    CHECK(!mapped(to - 8 * PAGE));
}

TEST(mremap, overlap_is_refused)
{
    char *p = pages(4, MAP_PRIVATE);

    CHECK(move(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE) == MAP_FAILED &&
          errno == EINVAL);
    CHECK(move(p + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == MAP_FAILED &&
          errno == EINVAL);
    CHECK_EQ(p[PAGE], 'b');
}

TEST(mremap, a_file_goes_on_where_it_was)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));
    char *p, *q;

    CHECK_OK(ftruncate(fd, 4 * PAGE));
    CHECK_EQ(pwrite(fd, "1", 1, PAGE), 1);
    CHECK_EQ(pwrite(fd, "2", 1, 2 * PAGE), 1);
    p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    q = move(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(q != MAP_FAILED);
    CHECK_EQ(q[0], '1');
    CHECK_EQ(q[PAGE], '2');
}

TEST(mremap, locked_memory_has_its_limit)
{
    struct rlimit limit = {4 * PAGE, 4 * PAGE};
    int status;
    pid_t child = CHILD({
        char *p = pages(3, MAP_PRIVATE);

        CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
        CHECK_OK(setuid(1000));
        CHECK_OK(mlock(p, 3 * PAGE));
        CHECK(move(p, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE, NULL) == MAP_FAILED && errno == EAGAIN);
        CHECK(move(p, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, NULL) != MAP_FAILED);
    });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

TEST(mremap, the_copy_of_a_fork_moves_alone)
{
    char *p = pages(2, MAP_PRIVATE);
    int status;
    pid_t child = CHILD({
        char *q = move(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, NULL);

        CHECK(q != MAP_FAILED);
        CHECK_EQ(q[PAGE], 'b');
        q[PAGE] = 'x';
    });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(p[PAGE], 'b');
}
