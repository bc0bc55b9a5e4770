/*
 * fork: what the child shares, what it copies, and that the two never mix.
 */
#include "test.h"

#include <sys/mman.h>

TEST(fork, child_gets_zero_and_a_pid_of_its_own)
{
    int p[2];
    pid_t self = getpid(), told;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        pid_t ids[1] = {getpid()};
        CHECK_EQ(getppid(), self);
        CHECK_EQ(write(p[1], ids, sizeof ids), sizeof ids);
    });
    CHECK_GT(pid, 0);
    CHECK_NE(pid, self);
    CHECK_EQ(read(p[0], &told, sizeof told), sizeof told);
    CHECK_EQ(told, pid);
    CHECK_EXIT(pid, 0);
    CHECK_EQ(getpid(), self);
}

TEST(fork, memory_is_copied_both_ways)
{
    static int data = 1;
    int stack = 2, p[2], q[2];
    int *heap = malloc(sizeof *heap);
    char c;

    CHECK_OK(pipe(p));
    CHECK_OK(pipe(q));
    *heap = 3;
    pid_t pid = CHILD({
        CHECK_EQ(read(p[0], &c, 1), 1);
        CHECK_EQ(data, 1);
        CHECK_EQ(stack, 2);
        CHECK_EQ(*heap, 3);
        data = stack = *heap = 77;
        CHECK_EQ(write(q[1], "x", 1), 1);
    });
    data = stack = *heap = 55;
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(read(q[0], &c, 1), 1);
    CHECK_EQ(data, 55);
    CHECK_EQ(stack, 55);
    CHECK_EQ(*heap, 55);
    CHECK_EXIT(pid, 0);
}

TEST(fork, copy_on_write_through_three_generations)
{
    enum { PAGES = 64, PAGE = 4096 };
    char *m = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(m != MAP_FAILED);
    memset(m, 'a', PAGES * PAGE);
    pid_t child = CHILD({
        for (int i = 0; i < PAGES; i += 2)
            m[i * PAGE] = 'b';
        pid_t grandchild = CHILD({
            for (int i = 0; i < PAGES; i++)
                CHECK_EQ(m[i * PAGE], i % 2 ? 'a' : 'b');
            memset(m, 'c', PAGES * PAGE);
        });
        CHECK_EXIT(grandchild, 0);
        for (int i = 0; i < PAGES; i++)
            CHECK_EQ(m[i * PAGE], i % 2 ? 'a' : 'b');
    });
    CHECK_EXIT(child, 0);
    for (int i = 0; i < PAGES * PAGE; i++)
        CHECK_EQ(m[i], 'a');
}

TEST(fork, kernel_writes_break_copy_on_write)
{
    static char buffer[8192];
    int p[2];

    memset(buffer, 'p', sizeof buffer);
    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "cccccccccc", 10), 10);
    pid_t pid = CHILD({
        /* read(2) into a page still shared with the parent */
        CHECK_EQ(read(p[0], buffer + 4090, 10), 10);
        CHECK_EQ(buffer[4090], 'c');
        CHECK_EQ(buffer[4099], 'c');
        CHECK_EQ(buffer[4100], 'p');
    });
    CHECK_EXIT(pid, 0);
    for (size_t i = 0; i < sizeof buffer; i++)
        CHECK_EQ(buffer[i], 'p');
}

TEST(fork, shared_mapping_stays_shared)
{
    volatile int *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK(m != MAP_FAILED);
    *m = 1;
    CHECK_IN_CHILD({
        CHECK_EQ(*m, 1);
        *m = 2;
        CHECK_IN_CHILD(*m += 40);
    });
    CHECK_EQ(*m, 42);
}

TEST(fork, file_offset_is_shared)
{
    int fd = test_file("f", "abcdef", 6);
    char c;

    CHECK_IN_CHILD({
        CHECK_EQ(read(fd, &c, 1), 1);
        CHECK_EQ(c, 'a');
    });
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_EQ(c, 'b');
}

TEST(fork, closing_in_the_child_leaves_the_parents_open)
{
    int fd = test_file("f", "abc", 3);
    char c;

    CHECK_IN_CHILD(CHECK_OK(close(fd)));
    CHECK_EQ(read(fd, &c, 1), 1);
}

TEST(fork, child_keeps_cloexec_flag_and_cwd_and_umask)
{
    char cwd[200], now[200];
    int fd = CHECK_FD(open("/dev/null", O_RDONLY | O_CLOEXEC));

    CHECK(getcwd(cwd, sizeof cwd));
    umask(031);
    CHECK_IN_CHILD({
        CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
        CHECK(getcwd(now, sizeof now));
        CHECK_STR(now, cwd);
        CHECK_EQ(umask(0), 031);
        CHECK_OK(chdir("/"));
    });
    CHECK(getcwd(now, sizeof now));
    CHECK_STR(now, cwd);
    CHECK_EQ(umask(0), 031);
}

TEST(fork, pending_signals_are_not_inherited_but_the_mask_is)
{
    sigset_t set, pending;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(sigpending(&pending));
    CHECK(sigismember(&pending, SIGUSR1));
    CHECK_IN_CHILD({
        sigset_t now;
        CHECK_OK(sigpending(&pending));
        CHECK(!sigismember(&pending, SIGUSR1));
        CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
        CHECK(sigismember(&now, SIGUSR1));
    });
}

TEST(fork, a_thousand_children_one_after_the_other)
{
    for (int i = 0; i < 1000; i++)
        CHECK_EXIT(CHILD(_exit(i & 63)), i & 63);
}

TEST(fork, fifty_children_at_once)
{
    int p[2], seen[50] = {0}, status;
    char c;
    pid_t pids[50];

    CHECK_OK(pipe(p));
    for (int i = 0; i < 50; i++)
        pids[i] = CHILD({
            close(p[1]);
            CHECK_EQ(read(p[0], &c, 1), 0); /* until the parent lets go */
            _exit(i);
        });
    CHECK_OK(close(p[1]));
    for (int i = 0; i < 50; i++) {
        pid_t pid = wait(&status);
        CHECK(WIFEXITED(status));
        CHECK_EQ(pids[WEXITSTATUS(status)], pid);
        seen[WEXITSTATUS(status)]++;
    }
    for (int i = 0; i < 50; i++)
        CHECK_EQ(seen[i], 1);
    CHECK_ERR(wait(&status), ECHILD);
}

TEST(fork, fpu_and_vector_state_is_inherited)
{
    double a = 1.0 / 3.0;
    __attribute__((aligned(16))) unsigned char in[16], out[16];

    for (int i = 0; i < 16; i++)
        in[i] = (unsigned char)(i * 7 + 1);
    asm volatile("movdqa %0, %%xmm5" : : "m"(in) : "xmm5");
    long pid;
    asm volatile("syscall" : "=a"(pid) : "a"(SYS_fork) : "rcx", "r11", "memory");
    asm volatile("movdqa %%xmm5, %0" : "=m"(out));
    if (pid == 0)
        _exit(memcmp(in, out, 16) == 0 && a * 3.0 == 1.0 ? 0 : 3);
    CHECK_GT(pid, 0);
    CHECK_MEM(out, in, 16);
    CHECK_EXIT((pid_t)pid, 0);
}

TEST(fork, callee_saved_registers_survive)
{
    long pid, bad = 0;

    asm volatile("mov $0x1111, %%rbx\n mov $0x2222, %%r12\n mov $0x3333, %%r13\n"
                 "mov $0x4444, %%r14\n mov $0x5555, %%r8\n mov $0x6666, %%r10\n"
                 "syscall\n"
                 "cmp $0x1111, %%rbx\n jne 1f\n cmp $0x2222, %%r12\n jne 1f\n"
                 "cmp $0x3333, %%r13\n jne 1f\n cmp $0x4444, %%r14\n jne 1f\n"
                 "cmp $0x5555, %%r8\n jne 1f\n cmp $0x6666, %%r10\n je 2f\n"
                 "1: mov $1, %1\n 2:"
                 : "=a"(pid), "+r"(bad)
                 : "a"(SYS_fork)
                 : "rbx", "r12", "r13", "r14", "r8", "r10", "rcx", "r11", "memory");
    if (pid == 0)
        _exit(bad ? 3 : 0);
    CHECK_EQ(bad, 0);
    CHECK_EXIT((pid_t)pid, 0);
}
