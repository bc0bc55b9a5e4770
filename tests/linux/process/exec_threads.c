/*
 * exec and threads, descriptors as programs, limits of arguments, what a new program begins with.
 */
#include "test.h"

#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/resource.h>

static int execveat_(int fd, const char *path, char *const *argv, char *const *envp, int flags)
{
    return (int)syscall(SYS_execveat, fd, path, argv, envp, flags);
}

HELPER(am_leader)
{
    pid_t wanted = atoi(argv[2]);

    return getpid() == wanted && syscall(SYS_gettid) == wanted ? 21 : 22;
}

static char pid_text[16];

static void *execute_from_thread(void *unused)
{
    (void)unused;
    execl(test_program, test_program, "helper:am_leader", pid_text, NULL);
    _exit(1);
}

__attribute__((noreturn)) static void *spin(void *unused)
{
    (void)unused;
    for (;;)
        sched_yield();
}

__attribute__((noreturn)) static void *sleep_long(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

TEST(exec, a_thread_that_executes_takes_over_the_leaders_id)
{
    for (int i = 0; i < 10; i++) {
        pid_t pid = CHILD({
            pthread_t a, b, c;

            snprintf(pid_text, sizeof pid_text, "%d", getpid());
            CHECK_OK(pthread_create(&a, NULL, spin, NULL));
            CHECK_OK(pthread_create(&b, NULL, sleep_long, NULL));
            CHECK_OK(pthread_create(&c, NULL, execute_from_thread, NULL));
            for (;;)
                pause();
        });
        CHECK_EXIT(pid, 21);
    }
}

TEST(exec, by_the_leader_removes_the_others)
{
    for (int i = 0; i < 10; i++) {
        pid_t pid = CHILD({
            pthread_t a, b;

            snprintf(pid_text, sizeof pid_text, "%d", getpid());
            CHECK_OK(pthread_create(&a, NULL, spin, NULL));
            CHECK_OK(pthread_create(&b, NULL, sleep_long, NULL));
            execute_from_thread(NULL);
        });
        CHECK_EXIT(pid, 21);
    }
}

TEST(exec, two_threads_at_once_and_one_wins)
{
    for (int i = 0; i < 20; i++) {
        pid_t pid = CHILD({
            pthread_t a, b;

            snprintf(pid_text, sizeof pid_text, "%d", getpid());
            CHECK_OK(pthread_create(&a, NULL, execute_from_thread, NULL));
            CHECK_OK(pthread_create(&b, NULL, execute_from_thread, NULL));
            for (;;)
                pause();
        });
        CHECK_EXIT(pid, 21);
    }
}

static void *execute_nothing(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)execl("./missing", "missing", NULL);
}

TEST(exec, one_that_fails_leaves_the_threads_alone)
{
    pthread_t a, b;
    void *result;

    CHECK_OK(pthread_create(&a, NULL, sleep_long, NULL));
    CHECK_OK(pthread_create(&b, NULL, execute_nothing, NULL));
    CHECK_OK(pthread_join(b, &result));
    CHECK_EQ((intptr_t)result, -1);
    CHECK_OK(pthread_kill(a, 0));
}

HELPER(children)
{
    int status;

    return wait(&status) == atoi(argv[2]) && WEXITSTATUS(status) == 3 ? 0 : 1;
}

TEST(exec, children_stay_children)
{
    pid_t pid = CHILD({
        char text[16];
        pid_t child = CHILD({
            test_sleep_ms(30);
            _exit(3);
        });

        snprintf(text, sizeof text, "%d", child);
        execl(test_program, test_program, "helper:children", text, NULL);
    });
    CHECK_EXIT(pid, 0);
}

HELPER(fresh_state)
{
    uint32_t mxcsr;
    uint16_t control;

    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
    return mxcsr == 0x1f80 && control == 0x37f ? 0 : 1;
}

TEST(exec, floating_point_state_is_fresh)
{
    uint32_t mxcsr = 0x9fc0;
    uint16_t control = 0x27f;

    pid_t pid = CHILD({
        __asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(mxcsr), "m"(control));
        syscall(SYS_execve, test_program,
                (char *[]){test_program, (char *)"helper:fresh_state", NULL}, NULL);
    });
    CHECK_EXIT(pid, 0);
}

HELPER(exit_four)
{
    return 4;
}

static char *const helper_argv[] = {(char *)"x", (char *)"helper:exit_four", NULL};

TEST(exec, execveat_takes_a_folder_and_a_name)
{
    char folder[256];
    char *slash;
    int fd;

    snprintf(folder, sizeof folder, "%s", test_program);
    slash = strrchr(folder, '/');
    *slash = 0;
    fd = CHECK_FD(open(folder, O_RDONLY | O_DIRECTORY));
    CHECK_EXIT(CHILD(execveat_(fd, slash + 1, helper_argv, NULL, 0)), 4);
    fd = CHECK_FD(open(folder, O_PATH));
    CHECK_EXIT(CHILD(execveat_(fd, slash + 1, helper_argv, NULL, 0)), 4);
}

TEST(exec, execveat_of_an_empty_path_needs_the_flag)
{
    int fd = CHECK_FD(open(test_program, O_RDONLY | O_CLOEXEC));

    CHECK_ERR(execveat_(fd, "", helper_argv, NULL, 0), ENOENT);
    CHECK_EXIT(CHILD(execveat_(fd, "", helper_argv, NULL, AT_EMPTY_PATH)), 4);
    CHECK_ERR(execveat_(fd, "", helper_argv, NULL, AT_EMPTY_PATH | 0x10), EINVAL);
    CHECK_ERR(execveat_(99, "", helper_argv, NULL, AT_EMPTY_PATH), EBADF);
    CHECK_ERR(execveat_(0, "x", helper_argv, NULL, 0), ENOTDIR);
    CHECK_ERR(execveat_(99, "x", helper_argv, NULL, 0), EBADF);
}

TEST(exec, execveat_works_through_an_opath_descriptor)
{
    int fd = CHECK_FD(open(test_program, O_PATH));

    CHECK_EXIT(CHILD(execveat_(fd, "", helper_argv, NULL, AT_EMPTY_PATH)), 4);
}

TEST(exec, execveat_nofollow_refuses_a_link)
{
    CHECK_OK(symlink(test_program, "link"));
    CHECK_ERR(execveat_(AT_FDCWD, "link", helper_argv, NULL, AT_SYMLINK_NOFOLLOW), ELOOP);
    CHECK_EXIT(CHILD(execveat_(AT_FDCWD, "link", helper_argv, NULL, 0)), 4);
    CHECK_EXIT(CHILD(execveat_(AT_FDCWD, test_program, helper_argv, NULL, AT_SYMLINK_NOFOLLOW)), 4);
}

TEST(exec, a_script_by_a_descriptor_that_closes_is_enoent)
{
    int fd = test_file("script", "#!/nowhere/at/all\n", 18);

    CHECK_OK(fchmod(fd, 0755));
    close(fd);
    fd = CHECK_FD(open("script", O_RDONLY | O_CLOEXEC));
    CHECK_ERR(execveat_(fd, "", helper_argv, NULL, AT_EMPTY_PATH), ENOENT);
    fd = CHECK_FD(open("script", O_RDONLY));
    CHECK_ERR(execveat_(fd, "", helper_argv, NULL, AT_EMPTY_PATH), ENOENT);
}

/* Executes with `count` arguments of `size` bytes each; 0, or the errno. */
static int with_arguments(int count, int size, rlim_t stack)
{
    char **argv = calloc((size_t)count + 3, sizeof *argv), *text = malloc((size_t)size + 1);
    int p[2], error = 0;

    memset(text, 'a', (size_t)size);
    text[size] = 0;
    argv[0] = test_program;
    argv[1] = (char *)"helper:exit_four";
    for (int i = 0; i < count; i++)
        argv[i + 2] = text;
    CHECK_OK(pipe2(p, O_CLOEXEC));
    pid_t pid = CHILD({
        struct rlimit limit = {stack, RLIM_INFINITY};

        if (stack)
            CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
        execve(test_program, argv, (char *[]){NULL});
        write(p[1], &errno, sizeof errno);
        _exit(1);
    });
    close(p[1]);
    if (read(p[0], &error, sizeof error) == 0)
        CHECK_EXIT(pid, 4);
    else
        CHECK_EXIT(pid, 1);
    close(p[0]);
    free(argv);
    free(text);
    return error;
}

TEST(exec, a_single_argument_has_at_most_128_kib)
{
    CHECK_EQ(with_arguments(1, 131071, 0), 0);
    CHECK_EQ(with_arguments(1, 131072, 0), E2BIG);
}

TEST(exec, all_arguments_have_a_quarter_of_the_stack)
{
    CHECK_EQ(with_arguments(15, 130000, 0), 0);
    CHECK_EQ(with_arguments(17, 130000, 0), E2BIG);
    CHECK_EQ(with_arguments(7, 130000, 4 << 20), 0);
    CHECK_EQ(with_arguments(9, 130000, 4 << 20), E2BIG);
}

TEST(exec, never_more_than_six_and_never_less_than_an_eighth_of_a_megabyte)
{
    CHECK_EQ(with_arguments(47, 130000, RLIM_INFINITY), 0);
    CHECK_EQ(with_arguments(49, 130000, RLIM_INFINITY), E2BIG);
    CHECK_EQ(with_arguments(12, 10000, 256 << 10), 0);
    CHECK_EQ(with_arguments(14, 10000, 256 << 10), E2BIG);
}

TEST(exec, pointers_count_too)
{
    CHECK_EQ(with_arguments(200000, 1, 0), 0);
    CHECK_EQ(with_arguments(215000, 1, 0), E2BIG);
}

TEST(exec, a_bad_pointer_in_argv_is_efault)
{
    char *argv[] = {test_program, (char *)16, NULL};

    CHECK_ERR(syscall(SYS_execve, test_program, argv, NULL), EFAULT);
    CHECK_ERR(syscall(SYS_execve, test_program, 16, NULL), EFAULT);
    CHECK_ERR(syscall(SYS_execve, test_program, NULL, 16), EFAULT);
    CHECK_ERR(syscall(SYS_execve, 16, NULL, NULL), EFAULT);
}

TEST(exec, names_too_long_and_links_in_circles)
{
    static char name[5000];

    memset(name, 'a', sizeof name - 1);
    CHECK_ERR(execl(name, "x", NULL), ENAMETOOLONG);
    name[256] = 0;
    CHECK_ERR(execl(name, "x", NULL), ENAMETOOLONG);
    CHECK_OK(symlink("one", "two"));
    CHECK_OK(symlink("two", "one"));
    CHECK_ERR(execl("one", "x", NULL), ELOOP);
}

HELPER(auxv_report)
{
    static const unsigned long wanted[] = {AT_HWCAP, AT_PAGESZ, AT_CLKTCK,   AT_PHDR,   AT_PHENT,
                                           AT_PHNUM, AT_ENTRY,  AT_UID,      AT_RANDOM, AT_EXECFN,
                                           AT_SECURE, AT_SYSINFO_EHDR, AT_PLATFORM, 51 /* MINSIGSTKSZ */};
    Elf64_auxv_t *v;
    char **p = envp;

    while (*p)
        p++;
    v = (Elf64_auxv_t *)(p + 1);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        Elf64_auxv_t *at = v;

        while (at->a_type && at->a_type != wanted[i])
            at++;
        if (!at->a_type) {
            dprintf(2, "no %lu\n", wanted[i]);
            return 1;
        }
        if (at->a_type == 51 && (at->a_un.a_val < 1000 || at->a_un.a_val > 20000))
            return 2;
    }
    return strcmp((char *)getauxval(AT_PLATFORM), "x86_64") ? 3 : 0;
}

TEST(exec, the_auxiliary_vector_has_what_linux_gives)
{
    CHECK_EXIT(CHILD(execl(test_program, test_program, "helper:auxv_report", NULL)), 0);
}

static volatile int release_count, stage;

TEST(exec, vfork_returns_once_and_after_a_failed_exec_only_at_the_end)
{
    while (release_count < 50) {
        stage = 0;
        pid_t pid = vfork();

        if (pid == 0) {
            execl("./nothing", "x", NULL);
            stage = 1;
            execl(test_program, test_program, "helper:exit_four", NULL);
            _exit(1);
        }
        release_count++;
        CHECK_EQ(stage, 1);
        CHECK_EXIT(pid, 4);
    }
}

TEST(exec, a_folder_and_a_device_are_eacces)
{
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERR(execl("d", "x", NULL), EACCES);
    CHECK_ERR(execl("/dev/null", "x", NULL), EACCES);
}

TEST(exec, a_noexec_mount_is_eacces)
{
    CHECK_ERR(execl("/proc/version", "x", NULL), EACCES);
}
