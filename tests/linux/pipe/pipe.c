/*
 * Pipes: order, ends, blocking, atomicity and descriptors' flags.
 */
#include "test.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

enum { PIPE_SIZE = 65536, ATOMIC = 4096 };

static char buffer[200000];

TEST(pipe, bytes_come_out_in_order)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "abc", 3), 3);
    CHECK_EQ(write(p[1], "def", 3), 3);
    CHECK_EQ(read(p[0], buffer, 4), 4);
    CHECK_MEM(buffer, "abcd", 4);
    CHECK_EQ(read(p[0], buffer, 100), 2);
    CHECK_MEM(buffer, "ef", 2);
}

TEST(pipe, read_after_last_writer_closes_returns_zero)
{
    int p[2], other;

    CHECK_OK(pipe(p));
    other = CHECK_FD(dup(p[1]));
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_OK(close(p[1]));
    CHECK_OK(close(other));
    CHECK_EQ(read(p[0], buffer, sizeof buffer), 1);
    CHECK_EQ(read(p[0], buffer, sizeof buffer), 0);
    CHECK_EQ(read(p[0], buffer, sizeof buffer), 0);
}

TEST(pipe, read_wakes_when_the_last_writer_exits)
{
    int p[2];

    CHECK_OK(pipe(p));
    pid_t pid = CHILD(test_sleep_ms(50));
    CHECK_OK(close(p[1]));
    CHECK_EQ(read(p[0], buffer, 1), 0);
    CHECK_EXIT(pid, 0);
}

TEST(pipe, write_without_a_reader_is_epipe_and_sigpipe)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_OK(close(p[0]));
    CHECK_KILLED(CHILD(write(p[1], "x", 1)), SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERR(write(p[1], "x", 1), EPIPE);
}

TEST(pipe, a_blocked_writer_gets_epipe_when_the_reader_goes)
{
    int p[2];

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        signal(SIGPIPE, SIG_IGN);
        close(p[0]);
        CHECK_EQ(write(p[1], buffer, PIPE_SIZE), PIPE_SIZE);
        CHECK_ERR(write(p[1], buffer, 1), EPIPE);
    });
    test_sleep_ms(50);
    CHECK_OK(close(p[0]));
    CHECK_EXIT(pid, 0);
}

TEST(pipe, capacity_is_64_kib_then_eagain)
{
    int p[2], total = 0;
    ssize_t n;

    CHECK_OK(pipe2(p, O_NONBLOCK));
    while ((n = write(p[1], buffer, 4096)) > 0)
        total += (int)n;
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(total, PIPE_SIZE);
    CHECK_EQ(read(p[0], buffer, 4096), 4096);
    CHECK_EQ(write(p[1], buffer, 4096), 4096);
    CHECK_ERR(write(p[1], buffer, 1), EAGAIN);
}

TEST(pipe, nonblocking_large_write_is_partial_small_is_all_or_nothing)
{
    int p[2];

    CHECK_OK(pipe2(p, O_NONBLOCK));
    CHECK_EQ(write(p[1], buffer, 100000), PIPE_SIZE);
    CHECK_EQ(read(p[0], buffer, 4096), 4096);
    CHECK_EQ(write(p[1], buffer, 4096), 4096);
    CHECK_EQ(read(p[0], buffer, 4095), 4095);
    CHECK_ERR(write(p[1], buffer, ATOMIC), EAGAIN); /* not a part of it */
}

TEST(pipe, read_of_an_empty_one_is_eagain)
{
    int p[2];

    CHECK_OK(pipe2(p, O_NONBLOCK));
    CHECK_ERR(read(p[0], buffer, 1), EAGAIN);
    CHECK_EQ(read(p[0], buffer, 0), 0);
    CHECK_OK(close(p[1]));
    CHECK_EQ(read(p[0], buffer, 1), 0);
}

TEST(pipe, large_write_blocks_until_all_is_read)
{
    int p[2];
    size_t got = 0;

    CHECK_OK(pipe(p));
    for (size_t i = 0; i < sizeof buffer; i++)
        buffer[i] = (char)(i * 31 >> 3);
    pid_t pid = CHILD(CHECK_EQ(write(p[1], buffer, sizeof buffer), sizeof buffer));
    CHECK_OK(close(p[1]));
    static char in[200000];
    for (ssize_t n; (n = read(p[0], in + got, 7777 < sizeof in - got ? 7777 : sizeof in - got)) > 0;)
        got += (size_t)n;
    CHECK_EQ(got, sizeof buffer);
    CHECK_MEM(in, buffer, sizeof buffer);
    CHECK_EXIT(pid, 0);
}

TEST(pipe, small_writes_of_many_writers_do_not_mix)
{
    enum { WRITERS = 4, EACH = 200, SIZE = 512 };
    int p[2];

    CHECK_OK(pipe(p));
    for (int w = 0; w < WRITERS; w++)
        CHILD({
            char line[SIZE];
            memset(line, 'a' + w, SIZE);
            for (int i = 0; i < EACH; i++)
                CHECK_EQ(write(p[1], line, SIZE), SIZE);
        });
    CHECK_OK(close(p[1]));
    int lines = 0;
    for (;;) {
        char line[SIZE];
        size_t got = 0;
        ssize_t n;
        while (got < SIZE && (n = read(p[0], line + got, SIZE - got)) > 0)
            got += (size_t)n;
        if (got == 0)
            break;
        CHECK_EQ(got, SIZE);
        for (int i = 1; i < SIZE; i++)
            CHECK_EQ(line[i], line[0]);
        lines++;
    }
    CHECK_EQ(lines, WRITERS * EACH);
}

TEST(pipe, ends_have_one_direction)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_ERR(read(p[1], buffer, 1), EBADF);
    CHECK_ERR(write(p[0], "x", 1), EBADF);
    CHECK_EQ(fcntl(p[0], F_GETFL) & O_ACCMODE, O_RDONLY);
    CHECK_EQ(fcntl(p[1], F_GETFL) & O_ACCMODE, O_WRONLY);
}

TEST(pipe, cannot_seek_or_be_mapped_and_looks_like_a_fifo)
{
    struct stat st;
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_ERR(lseek(p[0], 0, SEEK_CUR), ESPIPE);
    CHECK_ERR(pread(p[0], buffer, 1, 0), ESPIPE);
    CHECK_ERR(pwrite(p[1], buffer, 1, 0), ESPIPE);
    CHECK_OK(fstat(p[0], &st));
    CHECK(S_ISFIFO(st.st_mode));
    CHECK_EQ(isatty(p[0]), 0);
    CHECK_EQ(errno, ENOTTY);
    CHECK_ERR(ftruncate(p[1], 0), EINVAL);
    CHECK_ERR(fsync(p[0]), EINVAL);
}

TEST(pipe, pipe2_flags_take_effect_and_bad_ones_are_refused)
{
    int p[2];

    CHECK_OK(pipe2(p, O_CLOEXEC | O_NONBLOCK));
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(fcntl(p[i], F_GETFD), FD_CLOEXEC);
        CHECK(fcntl(p[i], F_GETFL) & O_NONBLOCK);
    }
    CHECK_OK(pipe2(p, 0));
    CHECK_EQ(fcntl(p[0], F_GETFD), 0);
    CHECK_EQ(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0);
    CHECK_ERR(pipe2(p, O_APPEND), EINVAL);
    CHECK_ERR(pipe((int *)16), EFAULT);
}

TEST(pipe, a_failed_pipe_leaves_no_descriptor)
{
    int before = CHECK_FD(dup(0));

    CHECK_OK(close(before));
    CHECK_ERR(pipe((int *)16), EFAULT);
    CHECK_EQ(dup(0), before);
}

TEST(pipe, fionread_counts_what_is_there)
{
    int p[2], n = -1;

    CHECK_OK(pipe(p));
    CHECK_OK(ioctl(p[0], FIONREAD, &n));
    CHECK_EQ(n, 0);
    CHECK_EQ(write(p[1], "hello", 5), 5);
    CHECK_OK(ioctl(p[0], FIONREAD, &n));
    CHECK_EQ(n, 5);
}

TEST(pipe, vectors_gather_and_scatter)
{
    char a[2], b[5];
    struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cdef", 4}}, in[2] = {{a, 2}, {b, 5}};
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_EQ(writev(p[1], out, 3), 6);
    CHECK_EQ(readv(p[0], in, 2), 6);
    CHECK_MEM(a, "ab", 2);
    CHECK_MEM(b, "cdef", 4);
    CHECK_ERR(writev(p[1], out, -1), EINVAL);
    CHECK_EQ(writev(p[1], out, 0), 0);
}

TEST(pipe, bad_buffers_are_efault_and_lose_nothing)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_ERR(write(p[1], (void *)16, 4), EFAULT);
    CHECK_EQ(write(p[1], "abcd", 4), 4);
    CHECK_ERR(read(p[0], (void *)16, 4), EFAULT);
    CHECK_EQ(write(p[1], "efgh", 4), 4);
    CHECK_GE(read(p[0], buffer, 8), 4);
}

static void handler(int number)
{
    (void)number;
}

TEST(pipe, a_signal_interrupts_a_blocked_read_and_restart_goes_on)
{
    int p[2];
    pid_t self = getpid();

    CHECK_OK(pipe(p));
    struct sigaction action = {.sa_handler = handler};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t pid = CHILD({
        test_sleep_ms(40);
        kill(self, SIGUSR1);
    });
    CHECK_ERR(read(p[0], buffer, 1), EINTR);
    CHECK_EXIT(pid, 0);
    action.sa_flags = SA_RESTART;
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid = CHILD({
        test_sleep_ms(40);
        kill(self, SIGUSR1);
        test_sleep_ms(40);
        CHECK_EQ(write(p[1], "r", 1), 1);
    });
    CHECK_EQ(read(p[0], buffer, 1), 1);
    CHECK_EXIT(pid, 0);
}

TEST(pipe, five_thousand_round_trips)
{
    int there[2], back[2];
    char c;

    CHECK_OK(pipe(there));
    CHECK_OK(pipe(back));
    pid_t pid = CHILD({
        close(there[1]);
        while (read(there[0], &c, 1) == 1)
            CHECK_EQ(write(back[1], &c, 1), 1);
    });
    close(there[0]);
    for (int i = 0; i < 5000; i++) {
        char sent = (char)i;
        CHECK_EQ(write(there[1], &sent, 1), 1);
        CHECK_EQ(read(back[0], &c, 1), 1);
        CHECK_EQ(c, sent);
    }
    CHECK_OK(close(there[1]));
    CHECK_EXIT(pid, 0);
}

TEST(pipe, five_stage_pipeline_moves_a_megabyte)
{
    enum { STAGES = 5, TOTAL = 1 << 20 };
    int p[2], in;
    unsigned sum = 0, wanted = 0;

    CHECK_OK(pipe(p));
    pid_t pids[STAGES];
    pids[0] = CHILD({
        for (size_t i = 0; i < sizeof buffer; i++)
            buffer[i] = (char)i;
        for (int left = TOTAL; left > 0;) {
            ssize_t n = write(p[1], buffer, left < 5120 ? (size_t)left : 5120);
            CHECK_GT(n, 0);
            left -= (int)n;
        }
    });
    close(p[1]);
    in = p[0];
    for (int s = 1; s < STAGES; s++) {
        CHECK_OK(pipe(p));
        pids[s] = CHILD({
            ssize_t n;
            close(p[0]);
            while ((n = read(in, buffer, 9000)) > 0)
                for (ssize_t done = 0, w; done < n; done += w)
                    CHECK_GT((w = write(p[1], buffer + done, (size_t)(n - done))), 0);
        });
        close(p[1]);
        close(in);
        in = p[0];
    }
    int got = 0;
    for (ssize_t n; (n = read(in, buffer, sizeof buffer)) > 0; got += (int)n)
        for (ssize_t i = 0; i < n; i++)
            sum += (unsigned char)buffer[i];
    for (int i = 0; i < TOTAL; i++)
        wanted += (unsigned char)(i % 5120);
    CHECK_EQ(got, TOTAL);
    CHECK_EQ(sum, wanted);
    for (int s = 0; s < STAGES; s++)
        CHECK_EXIT(pids[s], 0);
}

TEST(pipe, named_fifo_connects_two_openers)
{
    CHECK_OK(mkfifo("fifo", 0600));
    pid_t pid = CHILD({
        int fd = CHECK_FD(open("fifo", O_WRONLY));
        CHECK_EQ(write(fd, "through", 7), 7);
    });
    int fd = CHECK_FD(open("fifo", O_RDONLY));
    CHECK_EQ(read(fd, buffer, 7), 7);
    CHECK_MEM(buffer, "through", 7);
    CHECK_EQ(read(fd, buffer, 1), 0);
    CHECK_EXIT(pid, 0);
    CHECK_OK(close(fd));
    CHECK_ERR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
}
