/*
 * When a text of /proc is made, and what reads in parts, seeks and rewinds see of it.
 */
#include "procfs.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

TEST(proc, a_text_is_made_when_it_is_read)
{
    int fd = CHECK_FD(open("/proc/self/comm", O_RDONLY));
    char text[32] = "";

    CHECK_OK(prctl(PR_SET_NAME, "after"));
    CHECK_EQ(read(fd, text, sizeof text), 6);
    CHECK_STR(text, "after\n");
}

TEST(proc, a_rewind_makes_the_text_again)
{
    int fd = CHECK_FD(open("/proc/self/comm", O_RDONLY));
    char text[32] = "";

    CHECK_OK(prctl(PR_SET_NAME, "first"));
    CHECK_EQ(read(fd, text, sizeof text), 6);
    CHECK_STR(text, "first\n");
    CHECK_OK(prctl(PR_SET_NAME, "second"));
    CHECK_EQ(read(fd, text, sizeof text), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQ(read(fd, text, sizeof text), 7);
    CHECK_STR(text, "second\n");
}

TEST(proc, a_read_that_goes_on_sees_the_same_text)
{
    int fd = CHECK_FD(open("/proc/self/comm", O_RDONLY));
    char text[32] = "";

    CHECK_OK(prctl(PR_SET_NAME, "abcdef"));
    CHECK_EQ(read(fd, text, 3), 3);
    CHECK_OK(prctl(PR_SET_NAME, "uvwxyz"));
    CHECK_EQ(read(fd, text + 3, 20), 4);
    CHECK_STR(text, "abcdef\n");
}

TEST(proc, pread_from_the_start_makes_it_again)
{
    int fd = CHECK_FD(open("/proc/self/comm", O_RDONLY));
    char text[32] = "";

    CHECK_OK(prctl(PR_SET_NAME, "one"));
    CHECK_EQ(pread(fd, text, sizeof text, 0), 4);
    CHECK_OK(prctl(PR_SET_NAME, "other"));
    CHECK_EQ(pread(fd, text, sizeof text, 0), 6);
    CHECK_STR(text, "other\n");
    CHECK_EQ(pread(fd, text, sizeof text, 2), 4);
    CHECK_MEM(text, "her\n", 4);
    CHECK_EQ(pread(fd, text, sizeof text, 6), 0);
    CHECK_EQ(pread(fd, text, sizeof text, 1000), 0);
    CHECK_ERR(pread(fd, text, sizeof text, -1), EINVAL);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
}

TEST(proc, seeks_are_from_the_start_and_from_here)
{
    int fd = CHECK_FD(open("/proc/self/status", O_RDONLY));
    char text[8] = "";

    CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
    CHECK_EQ(read(fd, text, 3), 3);
    CHECK_MEM(text, "me:", 3);
    CHECK_EQ(lseek(fd, -4, SEEK_CUR), 1);
    CHECK_EQ(read(fd, text, 4), 4);
    CHECK_MEM(text, "ame:", 4);
    CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERR(lseek(fd, -100, SEEK_CUR), EINVAL);
    CHECK_ERR(lseek(fd, 0, SEEK_END), EINVAL);
    CHECK_ERR(lseek(fd, 0, 99), EINVAL);
}

TEST(proc, two_descriptions_of_a_file_have_two_positions)
{
    int a = CHECK_FD(open("/proc/self/stat", O_RDONLY));
    int b = CHECK_FD(open("/proc/self/stat", O_RDONLY)), c = CHECK_FD(dup(a));
    char x, y;

    CHECK_EQ(read(a, &x, 1), 1);
    CHECK_EQ(lseek(b, 0, SEEK_CUR), 0);
    CHECK_EQ(lseek(c, 0, SEEK_CUR), 1);
    CHECK_EQ(read(b, &y, 1), 1);
    CHECK_EQ(x, y);
}

TEST(proc, a_vector_reads_on)
{
    int fd = CHECK_FD(open("/proc/self/status", O_RDONLY));
    char a[3], b[4];
    struct iovec v[2] = {{a, 3}, {b, 4}};

    CHECK_EQ(readv(fd, v, 2), 7);
    CHECK_MEM(a, "Nam", 3);
    CHECK_MEM(b, "e:\tp", 4);
}

TEST(proc, a_bad_buffer_is_a_fault)
{
    int fd = CHECK_FD(open("/proc/self/status", O_RDONLY));
    char text[8];

    CHECK_ERR(read(fd, (void *)16, 100), EFAULT);
    CHECK_EQ(pread(fd, text, 5, 0), 5);
    CHECK_MEM(text, "Name:", 5);
    CHECK_EQ(read(fd, text, 0), 0);
}

/* Many mappings make a text of several hundred kilobytes. */
static void map_many(int count)
{
    for (int i = 0; i < count; i++) {
        char *m = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        CHECK(m != MAP_FAILED);
        CHECK_OK(mprotect(m + 4096, 4096, PROT_NONE));
    }
}

static int count_lines(size_t part)
{
    static char buf[65536];
    int fd = CHECK_FD(open("/proc/self/maps", O_RDONLY)), lines = 0;
    unsigned long start, end, before = 0;
    char line[512];
    size_t used = 0;
    ssize_t n;

    while ((n = read(fd, buf, part)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            line[used++] = buf[i];
            CHECK(used < sizeof line);
            if (buf[i] != '\n')
                continue;
            line[used] = 0;
            CHECK_EQ(sscanf(line, "%lx-%lx ", &start, &end), 2);
            CHECK(start >= before && end > start);
            before = end;
            used = 0;
            lines++;
        }
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(used, 0);
    close(fd);
    return lines;
}

TEST(proc, a_long_text_is_whole_in_parts_of_any_size)
{
    map_many(1500);
    int lines = count_lines(65536);

    CHECK_GT(lines, 3000);
    CHECK_EQ(count_lines(4096), lines);
    CHECK_EQ(count_lines(1000), lines);
}

TEST(proc, a_long_text_can_be_read_from_the_middle)
{
    static char whole[400000], part[300];
    int fd;
    size_t used = 0;
    ssize_t n;

    map_many(1000);
    fd = CHECK_FD(open("/proc/self/maps", O_RDONLY));
    while ((n = read(fd, whole + used, sizeof whole - used)) > 0)
        used += (size_t)n;
    CHECK_GT(used, 90000);
    for (size_t at = 1; at + sizeof part < used; at += used / 9) {
        CHECK_EQ(pread(fd, part, sizeof part, (off_t)at), sizeof part);
        CHECK_MEM(part, whole + at, sizeof part);
    }
    CHECK_EQ(pread(fd, part, sizeof part, (off_t)used), 0);
}

TEST(proc, what_cannot_be_written_says_so)
{
    int fd = CHECK_FD(open("/proc/self/stat", O_RDWR));

    CHECK_ERR(write(fd, "x", 1), EINVAL);
    close(fd);
    fd = CHECK_FD(open("/proc/uptime", O_WRONLY));
    CHECK_ERR(write(fd, "x", 1), EIO);
    CHECK_ERR(read(fd, &fd, 1), EBADF);
}

TEST(proc, texts_are_no_terminals_and_not_to_be_mapped)
{
    int fd = CHECK_FD(open("/proc/self/status", O_RDONLY));

    CHECK_EQ(isatty(fd), 0);
    CHECK_ERR((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), ENODEV);
    CHECK_ERR(ftruncate(fd, 0), EINVAL);
}
