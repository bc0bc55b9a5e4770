/*
 * memfd_create: names, flags, and seals with what they forbid.
 */
#include "test.h"

#include <sys/mman.h>

#define PAGE 4096
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif

static int sealable(size_t size)
{
    int fd = CHECK_FD(memfd_create("sealed", MFD_ALLOW_SEALING));

    CHECK_OK(ftruncate(fd, (off_t)size));
    return fd;
}

static void *map(int fd, int prot, int flags)
{
    return mmap(NULL, PAGE, prot, flags, fd, 0);
}

TEST(memfd, is_an_empty_regular_file_without_a_name)
{
    int fd = CHECK_FD(memfd_create("one", 0));
    struct stat st;

    CHECK_OK(fstat(fd, &st));
    CHECK(S_ISREG(st.st_mode));
    CHECK_EQ(st.st_mode & 07777, 0777);
    CHECK_EQ(st.st_nlink, 0);
    CHECK_EQ(st.st_size, 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    CHECK_EQ(fcntl(fd, F_GETFD), 0);
}

TEST(memfd, cloexec_is_set_when_asked_for)
{
    CHECK_EQ(fcntl(CHECK_FD(memfd_create("x", MFD_CLOEXEC)), F_GETFD), FD_CLOEXEC);
}

TEST(memfd, arguments_that_are_refused)
{
    char name[260];

    CHECK_ERR(memfd_create("x", 0x100), EINVAL);
    CHECK_ERR(memfd_create("x", 8), EINVAL);
    CHECK_ERR(syscall(SYS_memfd_create, (void *)1, 0), EFAULT);
    memset(name, 'a', sizeof name);
    name[249] = 0;
    CHECK_OK(close(CHECK_FD(memfd_create(name, 0))));
    name[249] = 'a';
    name[250] = 0;
    CHECK_ERR(memfd_create(name, 0), EINVAL);
}

TEST(memfd, two_of_one_name_are_two_files)
{
    int a = CHECK_FD(memfd_create("same", 0)), b = CHECK_FD(memfd_create("same", 0));

    CHECK_EQ(write(a, "abc", 3), 3);
    CHECK_EQ(lseek(b, 0, SEEK_END), 0);
}

TEST(memfd, its_name_is_in_proc)
{
    int fd = CHECK_FD(memfd_create("my name", 0));
    char path[64], link[128] = {0};

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_GT(readlink(path, link, sizeof link - 1), 0);
    CHECK_STR(link, "/memfd:my name (deleted)");
}

TEST(memfd, its_name_is_in_maps)
{
    int fd = CHECK_FD(memfd_create("mapped", 0)), maps;
    static char text[32768];
    ssize_t n, used = 0;

    CHECK_OK(ftruncate(fd, PAGE));
    CHECK(map(fd, PROT_READ, MAP_SHARED) != MAP_FAILED);
    maps = CHECK_FD(open("/proc/self/maps", O_RDONLY));
    while ((n = read(maps, text + used, sizeof text - 1 - (size_t)used)) > 0)
        used += n;
    CHECK(strstr(text, "/memfd:mapped (deleted)\n"));
}

TEST(memfd, can_be_opened_again_through_proc)
{
    int fd = CHECK_FD(memfd_create("again", MFD_ALLOW_SEALING)), other;
    char path[64], c;

    CHECK_EQ(write(fd, "x", 1), 1);
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    other = CHECK_FD(open(path, O_RDONLY));
    CHECK_EQ(read(other, &c, 1), 1);
    CHECK_EQ(fcntl(other, F_GET_SEALS), F_SEAL_GROW);
    CHECK_ERR(fcntl(other, F_ADD_SEALS, F_SEAL_SHRINK), EPERM);
}

TEST(memfd, without_allow_sealing_there_is_one_seal)
{
    int fd = CHECK_FD(memfd_create("x", 0));

    CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
}

TEST(memfd, seals_add_up_and_stay)
{
    int fd = sealable(PAGE);

    CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, 0));
    CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK);
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
}

TEST(memfd, unknown_seals_are_refused)
{
    int fd = sealable(PAGE);

    CHECK_ERR(fcntl(fd, F_ADD_SEALS, 0x100), EINVAL);
    CHECK_ERR(syscall(SYS_fcntl, fd, F_ADD_SEALS, 1ul << 32), EINVAL);
    CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
}

TEST(memfd, pipes_and_terminals_have_no_seals)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_ERR(fcntl(p[1], F_GET_SEALS), EINVAL);
    CHECK_ERR(fcntl(p[1], F_ADD_SEALS, F_SEAL_SEAL), EINVAL);
}

TEST(memfd, shrink_is_sealed)
{
    int fd = sealable(2 * PAGE);

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    CHECK_ERR(ftruncate(fd, PAGE), EPERM);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    CHECK_OK(ftruncate(fd, 3 * PAGE));
    CHECK_ERR(ftruncate(fd, 2 * PAGE), EPERM);
}

TEST(memfd, open_with_trunc_cannot_shrink_either)
{
    int fd = sealable(PAGE);
    char path[64];

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_ERR(open(path, O_RDWR | O_TRUNC), EPERM);
    CHECK_ERR(truncate(path, 0), EPERM);
}

TEST(memfd, grow_is_sealed)
{
    int fd = sealable(PAGE);

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    CHECK_ERR(ftruncate(fd, PAGE + 1), EPERM);
    CHECK_EQ(pwrite(fd, "ab", 2, 0), 2);
    CHECK_EQ(pwrite(fd, "ab", 2, PAGE - 2), 2);
    CHECK_ERR(pwrite(fd, "ab", 2, PAGE), EPERM);
    CHECK_ERR(fallocate(fd, 0, 0, 2 * PAGE), EPERM);
    CHECK_OK(ftruncate(fd, 10));
}

TEST(memfd, a_write_over_the_sealed_end_does_the_whole_pages_before_it)
{
    static char bytes[3 * PAGE];
    int fd = sealable(2 * PAGE);

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    CHECK_EQ(pwrite(fd, bytes, sizeof bytes, 0), 2 * PAGE);
    CHECK_EQ(pwrite(fd, bytes, PAGE + 100, PAGE - 50), PAGE + 50);
    CHECK_OK(ftruncate(fd, PAGE + 10));
    CHECK_EQ(pwrite(fd, bytes, 2 * PAGE, 0), PAGE);
    CHECK_ERR(pwrite(fd, bytes, 20, PAGE), EPERM);
}

TEST(memfd, append_counts_from_the_end)
{
    int fd = sealable(100);

    CHECK_OK(fcntl(fd, F_SETFL, O_APPEND));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    CHECK_ERR(write(fd, "a", 1), EPERM);
}

TEST(memfd, write_is_sealed)
{
    int fd = sealable(PAGE);

    CHECK_EQ(write(fd, "a", 1), 1);
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    CHECK_ERR(write(fd, "a", 1), EPERM);
    CHECK_ERR(pwrite(fd, "a", 1, 0), EPERM);
    CHECK_ERR(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
}

TEST(memfd, write_seal_waits_for_no_shared_mapping)
{
    int fd = sealable(PAGE);
    char *p = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);

    CHECK(p != MAP_FAILED);
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
    p[0] = 1;
    CHECK_OK(munmap(p, PAGE));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST(memfd, a_mapping_that_was_made_read_only_still_counts)
{
    int fd = sealable(PAGE);
    char *p = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);

    CHECK_OK(mprotect(p, PAGE, PROT_READ));
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
}

TEST(memfd, a_private_mapping_does_not_count)
{
    int fd = sealable(PAGE);
    char *p = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    p[0] = 1;
    CHECK(map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE) != MAP_FAILED);
}

TEST(memfd, parts_of_a_mapping_count_until_the_last)
{
    int fd = sealable(3 * PAGE);
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    CHECK_OK(munmap(p, PAGE));
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    CHECK_OK(munmap(p + 2 * PAGE, PAGE));
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST(memfd, a_childs_mapping_counts_until_it_ends)
{
    int fd = sealable(PAGE), go[2], status;
    char *p = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), c;
    pid_t child;

    CHECK_OK(pipe(go));
    child = CHILD({
        close(go[1]);
        read(go[0], &c, 1);
    });
    CHECK_OK(munmap(p, PAGE));
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    close(go[1]);
    close(go[0]);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
}

TEST(memfd, after_the_write_seal_there_is_no_shared_writable_mapping)
{
    int fd = sealable(PAGE);

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    CHECK(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED);
    CHECK_EQ(errno, EPERM);
}

TEST(memfd, future_write_keeps_what_is_mapped)
{
    int fd = sealable(PAGE);
    char *p = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED), c;

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    p[0] = 'x';
    CHECK_EQ(pread(fd, &c, 1, 0), 1);
    CHECK_EQ(c, 'x');
    CHECK_ERR(pwrite(fd, "a", 1, 0), EPERM);
    CHECK(map(fd, PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED);
    CHECK_EQ(errno, EPERM);
}

TEST(memfd, future_write_lets_map_to_read_but_never_to_write)
{
    int fd = sealable(PAGE);
    char *p;

    CHECK_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    p = map(fd, PROT_READ, MAP_SHARED);
    CHECK(p != MAP_FAILED);
    CHECK_ERR(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_EQ(p[0], 0);
}

TEST(memfd, its_pages_are_shared_between_processes)
{
    int fd = sealable(PAGE), status;
    char *p = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
    pid_t child = CHILD({
        char *q = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);

        q[7] = 42;
    });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(p[7], 42);
}

TEST(memfd, can_be_executed)
{
    int fd = CHECK_FD(memfd_create("program", MFD_CLOEXEC)), from, status;
    char buf[4096];
    ssize_t n;
    pid_t child;

    from = CHECK_FD(open("/proc/self/exe", O_RDONLY));
    while ((n = read(from, buf, sizeof buf)) > 0)
        CHECK_EQ(write(fd, buf, (size_t)n), n);
    CHECK_OK(fcntl(from, F_SETFD, FD_CLOEXEC));
    child = CHILD({
        char path[64];
        char *const args[] = {"x", "helper:fine", NULL};

        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        /* What is open for writing cannot be executed. */
        fd = open(path, O_RDONLY | O_CLOEXEC);
        for (int i = 3; i < fd; i++)
            close(i);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        execv(path, args);
        _exit(errno);
    });
    close(fd);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 33);
}

HELPER(fine)
{
    return 33;
}
