/*
 * sendfile, splice, tee and vmsplice: bytes from descriptor to descriptor.
 */
#include "test.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PAGE 4096

static char text[16];

static const char *take(int fd, size_t size)
{
    ssize_t n = read(fd, text, size < sizeof text - 1 ? size : sizeof text - 1);

    CHECK_GE(n, 0);
    text[n] = 0;
    return text;
}

TEST(splice, sendfile_to_every_kind)
{
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0), p[2], s[2];
    int null = CHECK_FD(open("/dev/null", O_WRONLY));
    off_t at = 2;

    CHECK_OK(pipe(p));
    CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    CHECK_EQ(sendfile(out, in, NULL, 4), 4);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 4);
    CHECK_EQ(lseek(out, 0, SEEK_CUR), 4);
    CHECK_EQ(sendfile(p[1], in, &at, 3), 3);
    CHECK_EQ(at, 5);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 4);
    CHECK_STR(take(p[0], 10), "234");
    CHECK_EQ(sendfile(s[0], in, &at, 100), 5);
    CHECK_STR(take(s[1], 10), "56789");
    CHECK_EQ(sendfile(s[0], in, &at, 100), 0);
    at = 0;
    CHECK_EQ(sendfile(null, in, &at, 100), 10);
}

TEST(splice, sendfile_errors)
{
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0), p[2], s[2];
    off_t at = -1, zero = 0;

    CHECK_OK(pipe(p));
    CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    CHECK_ERR(sendfile(99, in, NULL, 1), EBADF);
    CHECK_ERR(sendfile(out, 99, NULL, 1), EBADF);
    CHECK_ERR(sendfile(CHECK_FD(open("out", O_RDONLY)), in, NULL, 1), EBADF);
    CHECK_ERR(sendfile(out, CHECK_FD(open("in", O_WRONLY)), NULL, 1), EBADF);
    CHECK_ERR(sendfile(CHECK_FD(open("out", O_WRONLY | O_APPEND)), in, NULL, 1), EINVAL);
    CHECK_ERR(sendfile(out, in, &at, 1), EINVAL);
    CHECK_ERR(sendfile(out, in, (off_t *)8, 1), EFAULT);
    CHECK_ERR(sendfile(out, in, NULL, (size_t)-1), EINVAL);
    CHECK_ERR(sendfile(out, p[0], &zero, 1), ESPIPE);
    CHECK_ERR(sendfile(out, p[0], NULL, 1), EINVAL);
    CHECK_ERR(sendfile(out, s[0], NULL, 1), EINVAL);
    CHECK_ERR(sendfile(out, CHECK_FD(open(".", O_RDONLY)), NULL, 1), EINVAL);
    CHECK_ERR(sendfile(out, CHECK_FD(open("/dev/zero", O_RDONLY)), NULL, 1), EINVAL);
    CHECK_EQ(sendfile(out, in, NULL, 0), 0);
}

TEST(splice, sendfile_to_a_pipe_gives_what_fits)
{
    static char block[200000];
    int in = test_file("in", block, sizeof block), p[2];
    off_t at = 0;

    CHECK_OK(pipe2(p, O_NONBLOCK));
    CHECK_EQ(sendfile(p[1], in, &at, sizeof block), 65536);
    CHECK_EQ(at, 65536);
    CHECK_ERR(sendfile(p[1], in, &at, 10), EAGAIN);
    close(p[0]);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERR(sendfile(p[1], in, &at, 10), EPIPE);
}

TEST(splice, sendfile_inside_one_file)
{
    int fd = test_file("file", "01234", 5);
    off_t at = 0;
    char all[16] = "";

    CHECK_EQ(lseek(fd, 5, SEEK_SET), 5);
    CHECK_EQ(sendfile(fd, fd, &at, 5), 5);
    CHECK_EQ(pread(fd, all, 15, 0), 10);
    CHECK_STR(all, "0123401234");
}

TEST(splice, file_to_pipe_to_file)
{
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0), p[2];
    char all[16] = "";

    CHECK_OK(pipe(p));
    CHECK_EQ(splice(in, NULL, p[1], NULL, 6, 0), 6);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 6);
    CHECK_EQ(splice(p[0], NULL, out, NULL, 4, 0), 4);
    CHECK_EQ(lseek(out, 0, SEEK_CUR), 4);
    CHECK_EQ(splice(p[0], NULL, out, NULL, 100, SPLICE_F_MOVE | SPLICE_F_MORE), 2);
    CHECK_EQ(pread(out, all, 16, 0), 6);
    CHECK_STR(all, "012345");
}

TEST(splice, offsets_of_ones_own)
{
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0), p[2];
    off64_t from = 7, to = 3;
    char all[16] = "";

    CHECK_OK(pipe(p));
    CHECK_EQ(splice(in, &from, p[1], NULL, 100, 0), 3);
    CHECK_EQ(from, 10);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
    CHECK_EQ(splice(in, &from, p[1], NULL, 100, 0), 0);
    CHECK_EQ(splice(p[0], NULL, out, &to, 2, 0), 2);
    CHECK_EQ(to, 5);
    CHECK_EQ(lseek(out, 0, SEEK_CUR), 0);
    CHECK_EQ(pread(out, all, 16, 0), 5);
    CHECK_MEM(all,
              "\0\0\0"
              "78",
              5);
    CHECK_STR(take(p[0], 10), "9");
}

TEST(splice, pipe_to_pipe)
{
    int a[2], b[2];

    CHECK_OK(pipe(a));
    CHECK_OK(pipe(b));
    CHECK_EQ(write(a[1], "abcdef", 6), 6);
    CHECK_EQ(splice(a[0], NULL, b[1], NULL, 2, 0), 2);
    CHECK_EQ(splice(a[0], NULL, b[1], NULL, 100, 0), 4);
    CHECK_STR(take(b[0], 10), "abcdef");
    CHECK_ERR(splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    close(a[1]);
    CHECK_EQ(splice(a[0], NULL, b[1], NULL, 1, 0), 0);
}

TEST(splice, sockets_on_both_sides)
{
    int p[2], s[2];

    CHECK_OK(pipe(p));
    CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    CHECK_EQ(write(s[0], "hello", 5), 5);
    CHECK_EQ(splice(s[1], NULL, p[1], NULL, 3, 0), 3);
    CHECK_EQ(splice(s[1], NULL, p[1], NULL, 100, 0), 2);
    CHECK_EQ(splice(p[0], NULL, s[1], NULL, 100, 0), 5);
    CHECK_STR(take(s[0], 10), "hello");
    CHECK_ERR(splice(s[1], NULL, p[1], NULL, 3, SPLICE_F_NONBLOCK), EAGAIN);
}

TEST(splice, to_dev_null_and_from_the_end_of_a_file)
{
    int p[2], null = CHECK_FD(open("/dev/null", O_WRONLY)), in = test_file("in", "", 0);

    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "hello", 5), 5);
    CHECK_EQ(splice(p[0], NULL, null, NULL, 100, 0), 5);
    CHECK_EQ(splice(in, NULL, p[1], NULL, 100, 0), 0);
}

TEST(splice, errors)
{
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0), p[2];
    off64_t zero = 0, bad = -1;

    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "abc", 3), 3);
    CHECK_ERR(splice(in, NULL, out, NULL, 1, 0), EINVAL);
    CHECK_ERR(splice(99, NULL, p[1], NULL, 1, 0), EBADF);
    CHECK_ERR(splice(in, NULL, 99, NULL, 1, 0), EBADF);
    CHECK_ERR(splice(in, NULL, p[1], NULL, 1, 0x100), EINVAL);
    CHECK_EQ(splice(in, NULL, p[1], NULL, 0, 0), 0);
    CHECK_EQ(splice(99, NULL, 98, NULL, 0, 0x100), 0);
    CHECK_ERR(splice(p[0], &zero, out, NULL, 1, 0), ESPIPE);
    CHECK_ERR(splice(in, NULL, p[1], &zero, 1, 0), ESPIPE);
    CHECK_ERR(splice(p[1], NULL, out, NULL, 1, 0), EBADF);
    CHECK_ERR(splice(in, NULL, p[0], NULL, 1, 0), EBADF);
    CHECK_ERR(splice(p[0], NULL, p[1], NULL, 1, 0), EINVAL);
    CHECK_ERR(splice(in, &bad, p[1], NULL, 1, 0), EINVAL);
    CHECK_ERR(splice(p[0], NULL, out, &bad, 1, 0), EINVAL);
    CHECK_ERR(splice(in, (off64_t *)8, p[1], NULL, 1, 0), EFAULT);
    CHECK_ERR(splice(p[0], NULL, CHECK_FD(open("out", O_WRONLY | O_APPEND)), NULL, 1, 0), EINVAL);
    CHECK_ERR(splice(CHECK_FD(open(".", O_RDONLY)), NULL, p[1], NULL, 1, 0), EINVAL);
    CHECK_STR(take(p[0], 10), "abc");
}

TEST(splice, a_full_pipe_waits_or_says_so)
{
    static char block[70000];
    int in = test_file("in", block, sizeof block), p[2], child;

    CHECK_OK(pipe(p));
    CHECK_EQ(splice(in, NULL, p[1], NULL, sizeof block, 0), 65536);
    CHECK_ERR(splice(in, NULL, p[1], NULL, 100, SPLICE_F_NONBLOCK), EAGAIN);
    child = CHILD({
        test_sleep_ms(50);
        CHECK_EQ(read(p[0], block, 65536), 65536);
    });
    CHECK_EQ(splice(in, NULL, p[1], NULL, sizeof block, 0), 70000 - 65536);
    CHECK_EXIT(child, 0);
}

TEST(splice, an_empty_pipe_waits_for_a_writer)
{
    int out = test_file("out", "", 0), p[2], child;

    CHECK_OK(pipe(p));
    child = CHILD({
        test_sleep_ms(50);
        CHECK_EQ(write(p[1], "late", 4), 4);
    });
    CHECK_EQ(splice(p[0], NULL, out, NULL, 100, 0), 4);
    CHECK_EXIT(child, 0);
    CHECK_EQ(pread(out, text, 10, 0), 4);
    close(p[1]);
    CHECK_EQ(splice(p[0], NULL, out, NULL, 100, 0), 0);
}

static void on_alarm(int number)
{
    (void)number;
}

TEST(splice, a_signal_ends_the_wait)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    int out = test_file("out", "", 0), p[2], q[2];

    CHECK_OK(pipe(p));
    CHECK_OK(pipe(q));
    CHECK_OK(sigaction(SIGALRM, &sa, NULL));
    ualarm(30000, 30000);
    CHECK_ERR(splice(p[0], NULL, out, NULL, 100, 0), EINTR);
    CHECK_ERR(splice(p[0], NULL, q[1], NULL, 100, 0), EINTR);
    CHECK_ERR(tee(p[0], q[1], 100, 0), EINTR);
}

TEST(splice, without_readers_it_is_a_broken_pipe)
{
    int in = test_file("in", "abc", 3), p[2], q[2];

    signal(SIGPIPE, SIG_IGN);
    CHECK_OK(pipe(p));
    CHECK_OK(pipe(q));
    close(p[0]);
    CHECK_ERR(splice(in, NULL, p[1], NULL, 3, 0), EPIPE);
    CHECK_EQ(write(q[1], "abc", 3), 3);
    CHECK_ERR(splice(q[0], NULL, p[1], NULL, 3, 0), EPIPE);
    CHECK_STR(take(q[0], 10), "abc");
}

TEST(splice, tee_copies_and_takes_nothing)
{
    int a[2], b[2];

    CHECK_OK(pipe(a));
    CHECK_OK(pipe(b));
    CHECK_EQ(write(a[1], "abcdef", 6), 6);
    CHECK_EQ(tee(a[0], b[1], 4, 0), 4);
    CHECK_STR(take(b[0], 10), "abcd");
    CHECK_EQ(tee(a[0], b[1], 100, 0), 6);
    CHECK_STR(take(a[0], 10), "abcdef");
    CHECK_STR(take(b[0], 10), "abcdef");
}

TEST(splice, tee_errors_and_ends)
{
    int a[2], b[2], fd = test_file("file", "abc", 3);

    CHECK_OK(pipe(a));
    CHECK_OK(pipe(b));
    CHECK_ERR(tee(a[0], b[1], 4, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_ERR(tee(fd, b[1], 4, 0), EINVAL);
    CHECK_ERR(tee(a[0], fd, 4, 0), EINVAL);
    CHECK_ERR(tee(a[0], a[1], 4, 0), EINVAL);
    CHECK_ERR(tee(a[1], b[1], 4, 0), EBADF);
    CHECK_ERR(tee(a[0], b[0], 4, 0), EBADF);
    CHECK_ERR(tee(99, b[1], 4, 0), EBADF);
    CHECK_ERR(tee(a[0], b[1], 4, 0x100), EINVAL);
    CHECK_EQ(tee(a[0], b[1], 0, 0), 0);
    close(a[1]);
    CHECK_EQ(tee(a[0], b[1], 4, 0), 0);
}

TEST(splice, tee_of_more_than_fits)
{
    static char block[65536];
    int a[2], b[2];

    CHECK_OK(pipe(a));
    CHECK_OK(pipe(b));
    CHECK_EQ(fcntl(b[1], F_SETPIPE_SZ, PAGE), PAGE);
    CHECK_EQ(write(a[1], block, sizeof block), 65536);
    CHECK_EQ(tee(a[0], b[1], sizeof block, 0), PAGE);
    CHECK_ERR(tee(a[0], b[1], 10, SPLICE_F_NONBLOCK), EAGAIN);
}

TEST(splice, vmsplice_into_a_pipe)
{
    struct iovec v[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_EQ(vmsplice(p[1], v, 3, 0), 5);
    CHECK_STR(take(p[0], 10), "abcde");
    CHECK_EQ(vmsplice(p[1], v, 0, 0), 0);
}

TEST(splice, vmsplice_out_of_a_pipe)
{
    char a[3] = "", b[8] = "";
    struct iovec v[2] = {{a, 2}, {b, 7}};
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "abcde", 5), 5);
    CHECK_EQ(vmsplice(p[0], v, 2, 0), 5);
    CHECK_STR(a, "ab");
    CHECK_STR(b, "cde");
    CHECK_ERR(vmsplice(p[0], v, 2, SPLICE_F_NONBLOCK), EAGAIN);
    close(p[1]);
    CHECK_EQ(vmsplice(p[0], v, 2, 0), 0);
}

TEST(splice, vmsplice_errors)
{
    struct iovec v = {"ab", 2}, bad = {(void *)8, 100};
    int p[2], fd = test_file("file", "abc", 3);

    CHECK_OK(pipe(p));
    CHECK_ERR(vmsplice(fd, &v, 1, 0), EBADF);
    CHECK_ERR(vmsplice(99, &v, 1, 0), EBADF);
    CHECK_ERR(vmsplice(p[1], &v, 1, 0x100), EINVAL);
    CHECK_ERR(vmsplice(p[1], &v, 1025, 0), EINVAL);
    CHECK_ERR(vmsplice(p[1], (void *)8, 1, 0), EFAULT);
    CHECK_ERR(vmsplice(p[1], &bad, 1, 0), EFAULT);
}

TEST(splice, vmsplice_fills_what_is_free)
{
    static char block[65536 + PAGE] __attribute__((aligned(PAGE)));
    struct iovec v = {block, sizeof block};
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_EQ(vmsplice(p[1], &v, 1, SPLICE_F_NONBLOCK), 65536);
    CHECK_ERR(vmsplice(p[1], &v, 1, SPLICE_F_NONBLOCK), EAGAIN);
}

TEST(splice, much_through_a_chain_keeps_every_byte)
{
    static char block[400000], back[400000];
    int in, out = test_file("out", "", 0), a[2], b[2], child;
    size_t done = 0;
    ssize_t n;

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 13 + i / 777);
    in = test_file("in", block, sizeof block);
    CHECK_OK(pipe(a));
    CHECK_OK(pipe(b));
    child = CHILD({
        close(a[0]);
        close(b[0]);
        close(b[1]);
        while ((n = splice(in, NULL, a[1], NULL, 50000, 0)) > 0)
            continue;
        CHECK_EQ(n, 0);
    });
    close(a[1]);
    int middle = CHILD({
        close(b[0]);
        while ((n = splice(a[0], NULL, b[1], NULL, 30001, 0)) > 0)
            continue;
        CHECK_EQ(n, 0);
    });
    close(b[1]);
    while ((n = splice(b[0], NULL, out, NULL, 70000, 0)) > 0)
        done += (size_t)n;
    CHECK_EQ(n, 0);
    CHECK_EXIT(child, 0);
    CHECK_EXIT(middle, 0);
    CHECK_EQ(done, sizeof block);
    CHECK_EQ(pread(out, back, sizeof back, 0), (ssize_t)sizeof back);
    CHECK_MEM(back, block, sizeof back);
}
