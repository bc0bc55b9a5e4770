/*
 * process_vm_readv and process_vm_writev.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#define PAGE 4096ul

static char *pages(size_t n)
{
    char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

/* A child that waits until `go` is closed, then says with its status whether `ok` holds. */
#define WAITING(ok)                                                                                \
    CHILD({                                                                                        \
        char waiting_c;                                                                            \
        close(go[1]);                                                                              \
        read(go[0], &waiting_c, 1);                                                                \
        _exit(!(ok));                                                                              \
    })

static int go[2];

static void end(pid_t child)
{
    int status;

    close(go[1]);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

TEST(process_vm, reads_what_another_has)
{
    char *p = pages(1), got[16] = {0};
    struct iovec local = {got, 5}, remote = {p, 5};
    pid_t child;

    memcpy(p, "hello", 5);
    CHECK_OK(pipe(go));
    child = WAITING(true);
    memcpy(p, "-----", 5);
    CHECK_EQ(process_vm_readv(child, &local, 1, &remote, 1, 0), 5);
    CHECK_STR(got, "hello");
    end(child);
}

TEST(process_vm, writes_into_another)
{
    char *p = pages(1), bytes[] = "world";
    struct iovec local = {bytes, 5}, remote = {p + 10, 5};
    pid_t child;

    CHECK_OK(pipe(go));
    child = WAITING(!memcmp(p + 10, "world", 5));
    CHECK_EQ(process_vm_writev(child, &local, 1, &remote, 1, 0), 5);
    CHECK_EQ(p[10], 0);
    end(child);
}

TEST(process_vm, vectors_of_different_cuts)
{
    char *p = pages(2), a[3], b[4], c[10] = {0};
    struct iovec local[] = {{a, 3}, {b, 0}, {b, 4}, {c, 10}};
    struct iovec remote[] = {{p, 2}, {p + 100, 0}, {p + PAGE, 6}, {p + 10, 1}};

    memcpy(p, "ab", 2);
    memcpy(p + PAGE, "cdefgh", 6);
    p[10] = 'i';
    CHECK_EQ(process_vm_readv(getpid(), local, 4, remote, 4, 0), 9);
    CHECK_MEM(a, "abc", 3);
    CHECK_MEM(b, "defg", 4);
    CHECK_MEM(c, "hi", 2);
    CHECK_EQ(c[2], 0);
}

TEST(process_vm, moves_a_megabyte)
{
    size_t size = 1 << 20;
    unsigned char *p = (unsigned char *)pages(257), *q = (unsigned char *)pages(257);
    struct iovec local = {q + 77, size}, remote = {p + 13, size};

    for (size_t i = 0; i < size; i++)
        p[13 + i] = (unsigned char)(i * 7 + i / 251);
    CHECK_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), size);
    CHECK_MEM(q + 77, p + 13, size);
}

TEST(process_vm, stops_at_a_hole)
{
    char *p = pages(3), *q = pages(3);
    struct iovec local = {q, 3 * PAGE}, remote = {p + 100, 3 * PAGE - 100};

    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), PAGE - 100);
    remote.iov_base = p + PAGE;
    CHECK_ERR(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), EFAULT);
}

TEST(process_vm, honours_the_protection)
{
    char *p = pages(1), byte = 1;
    struct iovec local = {&byte, 1}, remote = {p, 1};

    CHECK_OK(mprotect(p, PAGE, PROT_READ));
    CHECK_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 1);
    CHECK_ERR(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), EFAULT);
    CHECK_OK(mprotect(p, PAGE, PROT_NONE));
    CHECK_ERR(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), EFAULT);
}

TEST(process_vm, breaks_sharing_after_fork)
{
    char *p = pages(1), byte = 9;
    struct iovec local = {&byte, 1}, remote = {p, 1};
    pid_t child;

    p[0] = 1;
    CHECK_OK(pipe(go));
    child = WAITING(p[0] == 9);
    CHECK_EQ(process_vm_writev(child, &local, 1, &remote, 1, 0), 1);
    CHECK_EQ(p[0], 1);
    end(child);
}

TEST(process_vm, arguments_that_are_refused)
{
    char byte;
    struct iovec v = {&byte, 1}, negative = {&byte, (size_t)-1};

    CHECK_ERR(process_vm_readv(getpid(), &v, 1, &v, 1, 1), EINVAL);
    CHECK_ERR(process_vm_readv(getpid(), &v, 1025, &v, 1, 0), EINVAL);
    CHECK_ERR(process_vm_readv(getpid(), &v, 1, &v, 1025, 0), EINVAL);
    CHECK_ERR(process_vm_readv(getpid(), &negative, 1, &v, 1, 0), EINVAL);
    CHECK_ERR(process_vm_readv(getpid(), (void *)1, 1, &v, 1, 0), EFAULT);
    CHECK_ERR(process_vm_readv(getpid(), &v, 1, (void *)1, 1, 0), EFAULT);
    CHECK_ERR(process_vm_readv(999999, &v, 1, &v, 1, 0), ESRCH);
}

TEST(process_vm, nothing_to_move_is_zero)
{
    char byte;
    struct iovec v = {&byte, 1}, none = {&byte, 0};

    CHECK_EQ(process_vm_readv(getpid(), &none, 1, &v, 1, 0), 0);
    CHECK_EQ(process_vm_readv(getpid(), &v, 1, &none, 1, 0), 0);
    CHECK_EQ(process_vm_readv(getpid(), NULL, 0, &v, 1, 0), 0);
    CHECK_EQ(process_vm_readv(getpid(), &v, 1, NULL, 0, 0), 0);
    CHECK_EQ(process_vm_readv(999999, &v, 1, NULL, 0, 0), 0);
}

TEST(process_vm, needs_permission)
{
    char *p = pages(1), byte;
    struct iovec local = {&byte, 1}, remote = {p, 1};
    int status;
    pid_t other, child;

    CHECK_OK(pipe(go));
    other = WAITING(true);
    child = CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        CHECK_ERR(process_vm_readv(other, &local, 1, &remote, 1, 0), EPERM);
        CHECK_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 1);
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    end(other);
}

TEST(process_vm, a_zombie_has_no_memory)
{
    char byte;
    struct iovec v = {&byte, 1};
    siginfo_t info;
    pid_t child = CHILD({});

    CHECK_OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    CHECK_ERR(process_vm_readv(child, &v, 1, &v, 1, 0), ESRCH);
}
