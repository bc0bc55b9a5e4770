/*
 * Shared and private views of files: times, truncation, coherence between processes.
 */
#include "test.h"

#include <setjmp.h>
#include <sys/mman.h>

#define PAGE 4096ul

static int file_of(size_t size)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600));

    CHECK_OK(ftruncate(fd, (off_t)size));
    return fd;
}

static char *view(int fd, size_t size, int flags)
{
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

static sigjmp_buf jump;
static volatile int signal_code;

static void caught(int number, siginfo_t *info, void *context)
{
    (void)context;
    signal_code = info->si_code;
    siglongjmp(jump, number);
}

/* The signal that reading there gives, or 0. */
static int probe(volatile char *p)
{
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    int number;

    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    number = sigsetjmp(jump, 1);
    if (!number)
        (void)*p;
    return number;
}

TEST(mapfile, past_the_end_is_sigbus_adrerr)
{
    int fd = file_of(PAGE + 1);
    char *p = view(fd, 4 * PAGE, MAP_SHARED);

    CHECK_EQ(probe(p + PAGE), 0);
    CHECK_EQ(probe(p + 2 * PAGE - 1), 0);
    CHECK_EQ(probe(p + 2 * PAGE), SIGBUS);
    CHECK_EQ(signal_code, BUS_ADRERR);
    CHECK_EQ(probe(p + 3 * PAGE), SIGBUS);
}

TEST(mapfile, the_kernels_copies_past_the_end_are_efault)
{
    int fd = file_of(PAGE), zero = CHECK_FD(open("/dev/zero", O_RDONLY)),
        out = CHECK_FD(open("out", O_RDWR | O_CREAT, 0600));
    char *p = view(fd, 2 * PAGE, MAP_SHARED);

    CHECK_ERR(read(zero, p + PAGE, 10), EFAULT);
    CHECK_ERR(write(out, p + PAGE, 10), EFAULT);
    CHECK_EQ(write(out, p + PAGE - 5, 10), 5);
}

TEST(mapfile, truncation_and_growth_show_zeros)
{
    int fd = file_of(2 * PAGE);
    char *p = view(fd, 2 * PAGE, MAP_SHARED);

    memset(p, 'x', 2 * PAGE);
    CHECK_OK(ftruncate(fd, 100));
    CHECK_EQ(probe(p + PAGE), SIGBUS);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    CHECK_EQ(p[99], 'x');
    CHECK_EQ(p[100], 0);
    CHECK_EQ(p[PAGE], 0);
}

TEST(mapfile, private_copies_go_with_a_truncation)
{
    int fd = file_of(2 * PAGE);
    char *p = view(fd, 2 * PAGE, MAP_PRIVATE);

    p[PAGE] = 'm';
    CHECK_OK(ftruncate(fd, PAGE));
    CHECK_EQ(probe(p + PAGE), SIGBUS);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    CHECK_EQ(p[PAGE], 0);
}

TEST(mapfile, a_store_changes_mtime_by_msync)
{
    int fd = file_of(PAGE);
    char *p = view(fd, PAGE, MAP_SHARED);
    struct stat before, after;

    CHECK_OK(fstat(fd, &before));
    test_sleep_ms(30);
    p[0] = 1;
    CHECK_OK(msync(p, PAGE, MS_SYNC));
    CHECK_OK(fstat(fd, &after));
    CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
          after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
}

TEST(mapfile, a_private_store_changes_no_mtime)
{
    int fd = file_of(PAGE);
    char *p = view(fd, PAGE, MAP_PRIVATE);
    struct stat before, after;

    CHECK_OK(fstat(fd, &before));
    test_sleep_ms(30);
    p[0] = 1;
    CHECK_OK(msync(p, PAGE, MS_SYNC));
    CHECK_OK(fstat(fd, &after));
    CHECK_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

TEST(mapfile, shared_stores_are_read_by_another_process)
{
    int fd = file_of(PAGE), status;
    char *p = view(fd, PAGE, MAP_SHARED);
    pid_t child = CHILD({
        char got[5] = {0};
        int other = CHECK_FD(open("f", O_RDWR));

        CHECK_EQ(pread(other, got, 4, 10), 4);
        CHECK_STR(got, "both");
        CHECK_EQ(pwrite(other, "back", 4, 20), 4);
    });

    /* The child starts at once; what it reads is there before or after. */
    (void)child;
    kill(child, SIGKILL);
    CHECK_EQ(waitpid(child, &status, 0), child);
    memcpy(p + 10, "both", 4);
    child = CHILD({
        char got[5] = {0};
        int other = CHECK_FD(open("f", O_RDWR));

        CHECK_EQ(pread(other, got, 4, 10), 4);
        CHECK_STR(got, "both");
        CHECK_EQ(pwrite(other, "back", 4, 20), 4);
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_MEM(p + 20, "back", 4);
}

TEST(mapfile, a_hole_is_filled_by_a_store)
{
    int fd = file_of(16 * PAGE);
    char *p = view(fd, 16 * PAGE, MAP_SHARED), c;
    struct stat st;

    p[8 * PAGE + 7] = 'h';
    CHECK_EQ(pread(fd, &c, 1, 8 * PAGE + 7), 1);
    CHECK_EQ(c, 'h');
    CHECK_EQ(lseek(fd, 0, SEEK_DATA), 8 * PAGE);
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_blocks, 8);
}

TEST(mapfile, reading_through_a_private_view_of_a_hole)
{
    int fd = file_of(16 * PAGE);
    char *p = view(fd, 16 * PAGE, MAP_PRIVATE);

    for (int i = 0; i < 16; i++)
        CHECK_EQ(p[i * PAGE], 0);
    CHECK_EQ(pwrite(fd, "w", 1, 5 * PAGE), 1);
    CHECK_EQ(p[5 * PAGE], 'w');
}

TEST(mapfile, two_shared_views_at_different_offsets)
{
    int fd = file_of(3 * PAGE);
    char *p = view(fd, 3 * PAGE, MAP_SHARED);
    char *q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * PAGE);

    p[2 * PAGE + 1] = 'p';
    CHECK_EQ(q[1], 'p');
    q[2] = 'q';
    CHECK_EQ(p[2 * PAGE + 2], 'q');
}

TEST(mapfile, fork_after_a_private_store_keeps_both_apart)
{
    int fd = file_of(PAGE), status;
    char *p = view(fd, PAGE, MAP_PRIVATE);
    pid_t child;

    p[0] = 'a';
    child = CHILD({
        CHECK_EQ(p[0], 'a');
        p[0] = 'c';
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(p[0], 'a');
}

TEST(mapfile, msync_arguments)
{
    int fd = file_of(2 * PAGE);
    char *p = view(fd, 2 * PAGE, MAP_SHARED);

    CHECK_OK(msync(p, 2 * PAGE, MS_ASYNC));
    CHECK_OK(msync(p, 2 * PAGE, MS_SYNC | MS_INVALIDATE));
    CHECK_OK(msync(p, 2 * PAGE, 0));
    CHECK_ERR(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    CHECK_ERR(msync(p, PAGE, 8), EINVAL);
    CHECK_ERR(msync(p + 1, PAGE, MS_SYNC), EINVAL);
    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_ERR(msync(p, 2 * PAGE, MS_SYNC), ENOMEM);
}

TEST(mapfile, dev_zero_gives_memory)
{
    int fd = CHECK_FD(open("/dev/zero", O_RDWR)), status;
    char *p = view(fd, PAGE, MAP_PRIVATE), *q = view(fd, PAGE, MAP_SHARED);
    pid_t child;

    CHECK_EQ(p[0], 0);
    child = CHILD({ p[0] = q[0] = 1; });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(p[0], 0);
    CHECK_EQ(q[0], 1);
}

TEST(mapfile, shm_open_is_a_file_in_dev_shm)
{
    struct stat st;
    char *p;
    int fd;

    mkdir("/dev/shm", 01777); /* where it is missing */
    fd = CHECK_FD(shm_open("/some name", O_RDWR | O_CREAT | O_EXCL, 0600));
    CHECK_OK(ftruncate(fd, PAGE));
    p = view(fd, PAGE, MAP_SHARED);
    p[0] = 's';
    CHECK_OK(stat("/dev/shm/some name", &st));
    CHECK_EQ(st.st_size, PAGE);
    CHECK_OK(shm_unlink("/some name"));
    CHECK_ERR(stat("/dev/shm/some name", &st), ENOENT);
    CHECK_EQ(p[0], 's');
}
