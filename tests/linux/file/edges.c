/*
 * Offsets and stamps at their edges.
 */
#include "test.h"

#include <sys/time.h>

TEST(data, pwrite_to_an_appending_file_appends_and_leaves_the_offset)
{
    int fd = test_file("file", "0123456789", 10);
    char text[16] = "";

    CHECK_OK(fcntl(fd, F_SETFL, O_APPEND));
    CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
    CHECK_EQ(pwrite(fd, "ab", 2, 0), 2);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 2);
    CHECK_EQ(pread(fd, text, 16, 0), 12);
    CHECK_STR(text, "0123456789ab");
    CHECK_EQ(write(fd, "cd", 2), 2);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 14);
}

TEST(data, a_hole_can_be_punched_inside_a_page)
{
    char text[12] = "";
    int fd = test_file("file", "0123456789", 10);

    CHECK_OK(fallocate(fd, 1 /* KEEP_SIZE */ | 2 /* PUNCH_HOLE */, 2, 3));
    CHECK_EQ(read(fd, text, sizeof text), 10);
    CHECK_MEM(text, "01\0\0\0" "56789", 10);
}

TEST(attributes, utimes_with_a_bad_pointer_is_efault)
{
    close(test_file("file", "", 0));
    CHECK_ERR(syscall(SYS_utimes, "file", 8), EFAULT);
    CHECK_ERR(syscall(SYS_utimes, "file", (struct timeval[2]){{0, 1000000}, {0, 0}}), EINVAL);
}

TEST(attributes, cutting_an_empty_file_stamps_it)
{
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    struct stat st;

    close(test_file("file", "", 0));
    CHECK_OK(utimensat(AT_FDCWD, "file", old, 0));
    close(CHECK_FD(open("file", O_WRONLY | O_TRUNC)));
    CHECK_OK(stat("file", &st));
    CHECK_GT(st.st_mtime, 1000);
}

TEST(attributes, a_file_made_without_any_permission_can_be_written_by_its_maker)
{
    CHECK_IN_CHILD({
        CHECK_OK(chmod(".", 0777));
        CHECK_OK(setresuid(65534, 65534, 65534));
        int fd = CHECK_FD(open("file", O_WRONLY | O_CREAT | O_TRUNC, 0));

        CHECK_EQ(write(fd, "x", 1), 1);
        CHECK_OK(ftruncate(fd, 0));
        CHECK_ERR(open("file", O_WRONLY | O_TRUNC), EACCES);
        CHECK_ERR(open("file", O_RDONLY | O_TRUNC), EACCES);
    });
}
