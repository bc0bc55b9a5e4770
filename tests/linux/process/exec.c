/*
 * execve: what the new program finds, what is kept, and every way to fail.
 */
#include "test.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>

static char *const no_env[] = {NULL};

/* Runs a helper with these arguments in a child; its pid. */
#define EXEC_CHILD(env, ...)                                                                       \
    CHILD({                                                                                        \
        char *const argv[] = {test_program, __VA_ARGS__, NULL};                                    \
        execve(test_program, argv, env);                                                           \
        FAIL("execve");                                                                            \
    })

HELPER(arguments)
{
    CHECK_EQ(argc, 5);
    CHECK_STR(argv[2], "");
    CHECK_STR(argv[3], "two words");
    CHECK_STR(argv[4], "\xc3\xa9\x01");
    CHECK(argv[5] == NULL);
    CHECK_STR(envp[0], "A=1");
    CHECK_STR(envp[1], "B=");
    CHECK(envp[2] == NULL);
    return 0;
}

TEST(exec, arguments_and_environment_arrive)
{
    char *const env[] = {"A=1", "B=", NULL};

    CHECK_EXIT(EXEC_CHILD(env, "helper:arguments", "", "two words", "\xc3\xa9\x01"), 0);
}

HELPER(auxv)
{
    const Elf64_Phdr *phdr = (const void *)getauxval(AT_PHDR);
    unsigned char *random = (void *)getauxval(AT_RANDOM);
    int loads = 0;

    CHECK_EQ(getauxval(AT_PAGESZ), 4096);
    CHECK_EQ(getauxval(AT_PHENT), sizeof(Elf64_Phdr));
    CHECK_GE(getauxval(AT_PHNUM), 2);
    for (unsigned i = 0; i < getauxval(AT_PHNUM); i++)
        loads += phdr[i].p_type == PT_LOAD;
    CHECK_GE(loads, 1);
    CHECK(getauxval(AT_ENTRY) != 0);
    CHECK(random != NULL);
    unsigned sum = 0;
    for (int i = 0; i < 16; i++)
        sum |= random[i];
    CHECK_NE(sum, 0);
    CHECK_EQ(getauxval(AT_UID), 0);
    CHECK_EQ(getauxval(AT_SECURE), 0);
    CHECK_EQ(getauxval(AT_CLKTCK), 100);
    CHECK_STR((char *)getauxval(AT_EXECFN), argv[0]);
    return 0;
}

TEST(exec, auxiliary_vector_is_complete)
{
    CHECK_EXIT(EXEC_CHILD(no_env, "helper:auxv"), 0);
}

HELPER(stack_alignment)
{
    /* argv[] begins 8 bytes behind argc, which is 16-aligned at entry. */
    CHECK_EQ(((uintptr_t)argv - 8) % 16, 0);
    return 0;
}

TEST(exec, stack_is_aligned_whatever_the_arguments)
{
    CHECK_EXIT(EXEC_CHILD(no_env, "helper:stack_alignment"), 0);
    CHECK_EXIT(EXEC_CHILD(no_env, "helper:stack_alignment", "a"), 0);
    CHECK_EXIT(EXEC_CHILD(no_env, "helper:stack_alignment", "a", "bcd"), 0);
}

HELPER(kept)
{
    struct sigaction action;
    sigset_t mask, pending;
    char cwd[300];

    CHECK_EQ(getpid(), atoi(argv[2]));
    CHECK_EQ(getppid(), atoi(argv[3]));
    CHECK_OK(sigaction(SIGUSR1, NULL, &action));
    CHECK(action.sa_handler == SIG_DFL); /* was a handler */
    CHECK_OK(sigaction(SIGUSR2, NULL, &action));
    CHECK(action.sa_handler == SIG_IGN);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &mask));
    CHECK(sigismember(&mask, SIGTERM));
    CHECK_OK(sigpending(&pending));
    CHECK(sigismember(&pending, SIGTERM));
    CHECK(getcwd(cwd, sizeof cwd));
    CHECK_STR(cwd, argv[4]);
    CHECK_EQ(umask(0), 027);
    return 0;
}

static void nothing(int number)
{
    (void)number;
}

TEST(exec, pid_mask_pending_ignored_cwd_and_umask_are_kept)
{
    char parent[16];
    pid_t pid;

    snprintf(parent, sizeof parent, "%d", getpid());
    pid = CHILD({
        char self[16], cwd[300];
        sigset_t set;
        snprintf(self, sizeof self, "%d", getpid());
        CHECK(getcwd(cwd, sizeof cwd));
        signal(SIGUSR1, nothing);
        signal(SIGUSR2, SIG_IGN);
        umask(027);
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
        CHECK_OK(raise(SIGTERM));
        char *const argv[] = {test_program, "helper:kept", self, parent, cwd, NULL};
        execve(test_program, argv, no_env);
        FAIL("execve");
    });
    CHECK_EXIT(pid, 0);
}

HELPER(fd_state)
{
    char c = 0;

    for (int i = 2; i < argc; i++) {
        int fd = atoi(argv[i] + 1);
        if (argv[i][0] == '+')
            CHECK_OK(fcntl(fd, F_GETFD));
        else
            CHECK_ERR(fcntl(fd, F_GETFD), EBADF);
    }
    if (argv[2][0] == '+') {
        CHECK_EQ(read(atoi(argv[2] + 1), &c, 1), 1);
        CHECK_EQ(c, 'b'); /* the offset is kept */
    }
    return 0;
}

TEST(exec, close_on_exec_takes_effect_however_it_was_set)
{
    char c;

    CHECK_IN_CHILD({
        CHECK_EQ(dup2(test_file("f", "abc", 3), 10), 10);
        CHECK_EQ(read(10, &c, 1), 1);
        CHECK_EQ(dup3(10, 11, O_CLOEXEC), 11);
        CHECK_EQ(dup2(10, 12), 12);
        CHECK_OK(fcntl(12, F_SETFD, FD_CLOEXEC));
        CHECK_EQ(fcntl(10, F_DUPFD_CLOEXEC, 13), 13);
        CHECK_EQ(fcntl(10, F_DUPFD, 14), 14);
        int p[2];
        CHECK_OK(pipe2(p, O_CLOEXEC));
        CHECK_EQ(dup2(11, 16), 16); /* dup2 clears the flag */
        char a[8], b[8];
        snprintf(a, sizeof a, "-%d", p[0]);
        snprintf(b, sizeof b, "-%d", p[1]);
        char *const argv[] = {test_program, "helper:fd_state", "+10", "-11", "-12", "-13", "+14",
                              "+16", a, b, NULL};
        execve(test_program, argv, no_env);
        FAIL("execve");
    });
}

TEST(exec, memory_of_the_old_program_is_gone)
{
    CHECK_IN_CHILD({
        void *at = (void *)0x10000000000;
        CHECK(mmap(at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                   0) == at);
        char *const argv[] = {test_program, "helper:unmapped", NULL};
        execve(test_program, argv, no_env);
        FAIL("execve");
    });
}

HELPER(unmapped)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_ERR(write(p[1], (void *)0x10000000000, 1), EFAULT);
    return 0;
}

TEST(exec, missing_file_and_bad_paths)
{
    char *const argv[] = {"x", NULL};
    char name[5000];

    CHECK_ERR(execve("nothing", argv, no_env), ENOENT);
    CHECK_ERR(execve("", argv, no_env), ENOENT);
    CHECK_ERR(execve("/dev/null/x", argv, no_env), ENOTDIR);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK_ERR(execve(name, argv, no_env), ENAMETOOLONG);
    name[300] = '\0';
    CHECK_ERR(execve(name, argv, no_env), ENAMETOOLONG);
    CHECK_ERR(execve((char *)16, argv, no_env), EFAULT);
    CHECK_ERR(execve(test_program, (char *const *)16, no_env), EFAULT);
    char *const bad[] = {"x", (char *)16, NULL};
    CHECK_ERR(execve(test_program, bad, no_env), EFAULT);
}

TEST(exec, needs_a_regular_executable_file)
{
    char *const argv[] = {"x", NULL};

    CHECK_OK(mkdir("dir", 0755));
    CHECK_ERR(execve("dir", argv, no_env), EACCES);
    close(test_file("plain", "#!/bin/true\n", 12));
    CHECK_ERR(execve("plain", argv, no_env), EACCES);
    CHECK_ERR(execve("/dev/null", argv, no_env), EACCES);
}

TEST(exec, unknown_formats_are_enoexec)
{
    char *const argv[] = {"x", NULL};
    static const char head[64] = "\177ELF\1\1\1";

    close(test_file("empty", "", 0));
    CHECK_OK(chmod("empty", 0755));
    CHECK_ERR(execve("empty", argv, no_env), ENOEXEC);
    close(test_file("text", "echo hello\n", 11));
    CHECK_OK(chmod("text", 0755));
    CHECK_ERR(execve("text", argv, no_env), ENOEXEC);
    close(test_file("elf32", head, sizeof head));
    CHECK_OK(chmod("elf32", 0755));
    CHECK_ERR(execve("elf32", argv, no_env), ENOEXEC);
}

TEST(exec, a_truncated_elf_fails_or_kills_only_itself)
{
    char *const argv[] = {"x", NULL};
    static char head[4096];
    int fd = CHECK_FD(open(test_program, O_RDONLY));

    CHECK_EQ(read(fd, head, sizeof head), sizeof head);
    for (size_t size = 4; size <= sizeof head; size = size * 2 + 60) {
        int out = test_file("cut", head, size < sizeof head ? size : sizeof head);
        CHECK_OK(fchmod(out, 0755));
        CHECK_OK(close(out));
        pid_t pid = CHILD({
            execve("cut", argv, no_env);
            _exit(99);
        });
        int status = test_status(pid, __FILE__, __LINE__);
        CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 99);
    }
}

TEST(exec, too_many_argument_bytes_is_e2big)
{
    enum { COUNT = 40, EACH = 100000 };
    static char *argv[COUNT + 2];
    char *text = malloc(EACH + 1);

    memset(text, 'a', EACH);
    text[EACH] = '\0';
    for (int i = 0; i < COUNT; i++)
        argv[i] = text;
    CHECK_ERR(execve(test_program, argv, no_env), E2BIG);
    /* A single string may have 128 KiB with its zero. */
    char *big = malloc(131073);
    memset(big, 'b', 131072);
    big[131072] = '\0';
    char *const one[] = {"x", big, NULL};
    CHECK_ERR(execve(test_program, one, no_env), E2BIG);
}

HELPER(count_bytes)
{
    size_t bytes = 0;

    for (int i = 2; i < argc; i++)
        bytes += strlen(argv[i]);
    CHECK_EQ(bytes, 10 * 100000);
    return 0;
}

TEST(exec, a_megabyte_of_arguments_arrives)
{
    static char *argv[13];
    char *text = malloc(100001);

    memset(text, 'a', 100000);
    text[100000] = '\0';
    argv[0] = test_program;
    argv[1] = "helper:count_bytes";
    for (int i = 0; i < 10; i++)
        argv[2 + i] = text;
    CHECK_IN_CHILD({
        execve(test_program, argv, no_env);
        FAIL("execve");
    });
}

HELPER(script)
{
    int i = 2;

    /* interpreter, "helper:script", its path, arguments */
    CHECK_EQ(argc, 5);
    CHECK_STR(argv[i], "./script");
    CHECK_STR(argv[i + 1], "one");
    CHECK_STR(argv[i + 2], "two");
    return 21;
}

TEST(exec, scripts_run_their_interpreter_with_one_argument)
{
    char text[400];
    char *const argv[] = {"ignored", "one", "two", NULL};

    snprintf(text, sizeof text, "#! %s  helper:script \nrest\n", test_program);
    close(test_file("script", text, strlen(text)));
    CHECK_OK(chmod("script", 0755));
    CHECK_EXIT(CHILD({
                   execve("./script", argv, no_env);
                   FAIL("execve");
               }),
               21);
}

TEST(exec, script_errors)
{
    char *const argv[] = {"x", NULL};

    close(test_file("s", "#!/no/such/interpreter\n", 23));
    CHECK_OK(chmod("s", 0755));
    CHECK_ERR(execve("./s", argv, no_env), ENOENT);
    close(test_file("t", "#!\n", 3));
    CHECK_OK(chmod("t", 0755));
    CHECK_ERR(execve("./t", argv, no_env), ENOEXEC);
    close(test_file("loop", "#!./loop\n", 9));
    CHECK_OK(chmod("loop", 0755));
    CHECK_ERR(execve("./loop", argv, no_env), ELOOP);
}

HELPER(nested)
{
    CHECK_EQ(argc, 4);
    CHECK_STR(argv[2], "./inner");
    CHECK_STR(argv[3], "./outer");
    return 0;
}

TEST(exec, a_script_may_be_the_interpreter_of_another)
{
    char text[400];
    char *const argv[] = {"x", NULL};

    snprintf(text, sizeof text, "#!%s helper:nested\n", test_program);
    close(test_file("inner", text, strlen(text)));
    close(test_file("outer", "#!./inner\n", 10));
    CHECK_OK(chmod("inner", 0755));
    CHECK_OK(chmod("outer", 0755));
    CHECK_IN_CHILD({
        execve("./outer", argv, no_env);
        FAIL("execve");
    });
}

TEST(exec, a_file_open_for_writing_is_busy)
{
    char *const argv[] = {"x", NULL};
    int fd = CHECK_FD(open("prog", O_WRONLY | O_CREAT, 0755));

    CHECK_EQ(write(fd, "#!/bin/true\n", 12), 12);
    CHECK_ERR(execve("./prog", argv, no_env), ETXTBSY);
}

TEST(exec, by_descriptor_with_execveat)
{
    char *const argv[] = {test_program, "helper:exit_three", NULL};
    int fd = CHECK_FD(open(test_program, O_RDONLY | O_CLOEXEC));

    CHECK_EXIT(CHILD({
                   syscall(SYS_execveat, fd, "", argv, no_env, AT_EMPTY_PATH);
                   FAIL("execveat");
               }),
               3);
}

HELPER(exit_three)
{
    return 3;
}

HELPER(comm)
{
    char path[64], *comm;

    snprintf(path, sizeof path, "/proc/self/comm");
    comm = test_read_file(path, NULL);
    CHECK_STR(comm, "a-rather-long-n\n");
    return 0;
}

TEST(exec, the_name_is_the_files_cut_to_fifteen)
{
    char *const argv[] = {test_program, "helper:comm", NULL};

    CHECK_OK(symlink(test_program, "a-rather-long-name-for-it"));
    CHECK_IN_CHILD({
        execve("a-rather-long-name-for-it", argv, no_env);
        FAIL("execve");
    });
}

HELPER(chain)
{
    char left[16];
    int n = atoi(argv[2]);

    if (n == 0)
        return 33;
    snprintf(left, sizeof left, "%d", n - 1);
    char *const again[] = {argv[0], argv[1], left, NULL};
    execve(argv[0], again, envp);
    FAIL("execve");
}

TEST(exec, three_hundred_times_in_a_row_in_one_process)
{
    CHECK_EXIT(EXEC_CHILD(no_env, "helper:chain", "300"), 33);
}
