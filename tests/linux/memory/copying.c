/*
 * What is not copied: the program's own pages, and pages of files that are only read. A copy is what smaps
 * calls anonymous.
 */
#include "test.h"

#include <sys/mman.h>

#define PAGE 4096ul

/* A value of the mapping that holds `at`, from smaps, in KiB. */
static long smaps_value(const void *at, const char *name)
{
    static char text[1 << 18];
    int fd = CHECK_FD(open("/proc/self/smaps", O_RDONLY));
    size_t used = 0;
    bool inside = false;
    ssize_t n;

    while ((n = read(fd, text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    text[used] = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long start, end;

        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            inside = (uintptr_t)at >= start && (uintptr_t)at < end;
        else if (inside && !strncmp(line, name, strlen(name)))
            return atol(line + strlen(name));
    }
    FAIL("no %s", name);
}

static const char constant[3 * PAGE] = "read only";

TEST(copying, exec_copies_nothing_of_the_programs_text)
{
    CHECK_GT(smaps_value((void *)smaps_value, "Rss:"), 0);
    CHECK_EQ(smaps_value((void *)smaps_value, "Anonymous:"), 0);
}

TEST(copying, nor_of_its_constants)
{
    CHECK_EQ(*(volatile const char *)constant, 'r');
    CHECK_EQ(smaps_value(constant, "Anonymous:"), 0);
}

static char *cached_file(int flags)
{
    static char page[PAGE];
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));
    char *p, *aligned;

    for (int i = 0; i < 32; i++)
        CHECK_EQ(write(fd, page, PAGE), PAGE);
    p = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    aligned = (char *)(((uintptr_t)p + 0xffff) & ~0xfffful);
    p = mmap(aligned, 32 * PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
    CHECK(p == aligned);
    return p;
}

TEST(copying, a_read_of_a_private_file_maps_its_neighbours)
{
    volatile char *p = cached_file(MAP_PRIVATE);

    (void)p[5 * PAGE];
    CHECK_EQ(smaps_value((char *)p, "Rss:"), 64);
    CHECK_EQ(smaps_value((char *)p, "Anonymous:"), 0);
}

TEST(copying, a_read_of_a_shared_file_does_too)
{
    volatile char *p = cached_file(MAP_SHARED);

    (void)p[20 * PAGE];
    CHECK_EQ(smaps_value((char *)p, "Rss:"), 64);
}

TEST(copying, a_write_to_a_private_file_copies_one_page)
{
    volatile char *p = cached_file(MAP_PRIVATE);

    p[5 * PAGE] = 1;
    CHECK_EQ(smaps_value((char *)p, "Anonymous:"), 4);
    CHECK_EQ(smaps_value((char *)p, "Private_Dirty:"), 4);
}
