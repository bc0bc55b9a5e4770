/*
 * What a Linux test is made of: cases, checks, children. One header, no library.
 *
 * In:    TEST(family, name) { ... } is one case; returning from it is a pass. A file may hold many;
 *        each runs in a process of its own, in an empty folder of its own, with stdin /dev/null.
 *        HELPER(name) { ... } is a second main() that a case reaches through exec: argv[0] is the
 *        program, argv[1] "helper:NAME", and its value is the exit status.
 *        A file with a main() of its own is one case, named after the file; status 0 is a pass.
 * Life:  main() below runs the case that argv[1] names. A failed check says where and what, and
 *        ends its process with status 1 (a child's parent must look: CHECK_EXIT).
 */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEST_FAILED = 1, TEST_SKIPPED = 77 };

struct test_case {
    const char *name;
    void (*run)(void);
};

struct test_helper {
    const char *name;
    int (*run)(int argc, char **argv, char **envp);
};

#define TEST_IN(list) __attribute__((used, section(list), aligned(sizeof(void *))))

#define TEST(family, name)                                                                         \
    static void test_##name(void);                                                                 \
    static const struct test_case test_case_##name TEST_IN("test_cases") = {#family "." #name,     \
                                                                            test_##name};          \
    static void test_##name(void)

#define HELPER(name)                                                                               \
    static int helper_##name(int argc, char **argv, char **envp);                                  \
    static const struct test_helper test_helper_##name TEST_IN("test_helpers") = {                 \
        "helper:" #name, helper_##name};                                                           \
    static int helper_##name(int argc __attribute__((unused)), char **argv __attribute__((unused)), \
                             char **envp __attribute__((unused)))

/* The path of this program, absolute: what a case executes to reach its helpers. */
static char *test_program __attribute__((unused));

__attribute__((format(printf, 3, 4), noreturn, unused)) static void
test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    char text[512];
    int error = errno;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dprintf(2, "%s:%d: %s (errno %d, %s; pid %d)\n", file, line, text, error, strerror(error),
            getpid());
    _exit(TEST_FAILED);
}

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

/* Leaves the case without a verdict; `why` is shown. Only for what the machine may lack. */
#define SKIP(why)                                                                                  \
    do {                                                                                           \
        dprintf(2, "%s\n", why);                                                                   \
        _exit(TEST_SKIPPED);                                                                       \
    } while (0)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            FAIL("not true: %s", #condition);                                                      \
    } while (0)

#define TEST_COMPARE(got, op, wanted)                                                              \
    do {                                                                                           \
        long long test_got = (long long)(got), test_wanted = (long long)(wanted);                  \
        if (!(test_got op test_wanted))                                                            \
            FAIL("%s is %lld (%#llx), not %s %s = %lld", #got, test_got,                           \
                 (unsigned long long)test_got, #op, #wanted, test_wanted);                         \
    } while (0)

#define CHECK_EQ(got, wanted) TEST_COMPARE(got, ==, wanted)
#define CHECK_NE(got, wanted) TEST_COMPARE(got, !=, wanted)
#define CHECK_GE(got, wanted) TEST_COMPARE(got, >=, wanted)
#define CHECK_LE(got, wanted) TEST_COMPARE(got, <=, wanted)
#define CHECK_GT(got, wanted) TEST_COMPARE(got, >, wanted)
#define CHECK_LT(got, wanted) TEST_COMPARE(got, <, wanted)

/* The call succeeds (0). */
#define CHECK_OK(call) CHECK_EQ(call, 0)

/* The call gives -1 and this errno. */
#define CHECK_ERR(call, wanted)                                                                    \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long long test_result = (long long)(call);                                                 \
        if (test_result != -1 || errno != (wanted))                                                \
            FAIL("%s gives %lld, not -1 with %s", #call, test_result, #wanted);                    \
    } while (0)

#define CHECK_STR(got, wanted)                                                                     \
    do {                                                                                           \
        const char *test_got = (got), *test_wanted = (wanted);                                     \
        if (strcmp(test_got, test_wanted) != 0)                                                    \
            FAIL("%s is \"%s\", not \"%s\"", #got, test_got, test_wanted);                         \
    } while (0)

#define CHECK_MEM(got, wanted, size)                                                               \
    do {                                                                                           \
        if (memcmp(got, wanted, size) != 0)                                                        \
            FAIL("%s differs from %s in its %zu bytes", #got, #wanted, (size_t)(size));            \
    } while (0)

/* A descriptor or pid: the call gives 0 or more, which is the value. */
#define CHECK_FD(call)                                                                             \
    ({                                                                                             \
        int test_fd = (call);                                                                      \
        if (test_fd < 0)                                                                           \
            FAIL("%s gives %d", #call, test_fd);                                                   \
        test_fd;                                                                                   \
    })

/* Runs the block in a child, which then ends with status 0; the value is its pid. */
#define CHILD(...)                                                                                 \
    ({                                                                                             \
        fflush(NULL);                                                                              \
        pid_t test_child = CHECK_FD(fork());                                                       \
        if (test_child == 0) {                                                                     \
            __VA_ARGS__;                                                                               \
            _exit(0);                                                                              \
        }                                                                                          \
        test_child;                                                                                \
    })

__attribute__((unused)) static int test_status(pid_t pid, const char *file, int line)
{
    int status = 0;
    pid_t got;

    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        continue;
    if (got != pid)
        test_fail(file, line, "waitpid(%d) gives %d", pid, got);
    return status;
}

/* Waits for `pid`, which must exit with `code`. */
#define CHECK_EXIT(pid, code)                                                                      \
    do {                                                                                           \
        int test_st = test_status(pid, __FILE__, __LINE__);                                        \
        if (!WIFEXITED(test_st) || WEXITSTATUS(test_st) != (code))                                 \
            FAIL("child's status is %#x, not exit code %d", test_st, (int)(code));                 \
    } while (0)

/* Waits for `pid`, which must die of signal `number`. */
#define CHECK_KILLED(pid, number)                                                                  \
    do {                                                                                           \
        int test_st = test_status(pid, __FILE__, __LINE__);                                        \
        if (!WIFSIGNALED(test_st) || WTERMSIG(test_st) != (number))                                \
            FAIL("child's status is %#x, not death by signal %d", test_st, (int)(number));         \
    } while (0)

/* Does the block in a child and checks that it was well there. */
#define CHECK_IN_CHILD(...) CHECK_EXIT(CHILD(__VA_ARGS__), 0)

__attribute__((unused)) static void test_sleep_ms(long ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        continue;
}

__attribute__((unused)) static int64_t test_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A new file with this content, open for reading and writing at offset 0. */
__attribute__((unused)) static int test_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        FAIL("cannot make %s", path);
    return fd;
}

/* The whole of a small file, zero-terminated, in a static buffer; its size through `size`. */
__attribute__((unused)) static char *test_read_file(const char *path, size_t *size)
{
    static char text[65536];
    size_t used = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        FAIL("cannot open %s", path);
    while (used < sizeof text - 1 && (n = read(fd, text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    text[used] = '\0';
    if (size)
        *size = used;
    return text;
}

#ifndef TEST_OWN_MAIN
extern const struct test_case __start_test_cases[], __stop_test_cases[];
extern const struct test_helper __start_test_helpers[] __attribute__((weak));
extern const struct test_helper __stop_test_helpers[] __attribute__((weak));

int main(int argc, char **argv, char **envp)
{
    test_program = argv[0];
    if (argc < 2)
        return TEST_FAILED;
    for (const struct test_helper *h = __start_test_helpers; h < __stop_test_helpers; h++)
        if (!strcmp(h->name, argv[1]))
            return h->run(argc, argv, envp);
    for (const struct test_case *c = __start_test_cases; c < __stop_test_cases; c++)
        if (!strcmp(c->name, argv[1])) {
            c->run();
            return 0;
        }
    dprintf(2, "no case %s in %s\n", argv[1], argv[0]);
    return TEST_FAILED;
}
#endif
