/*
 * A static Linux program without a libc, for the template personality: its first argument says what
 * it does. It knows nothing of Jargoon and behaves the same on Linux.
 */
#include <stddef.h>
#include <stdint.h>

enum { NR_write = 1, NR_writev = 20, NR_exit_group = 231, UNKNOWN = 1000 };

static long call(long nr, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

static int is(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static void say(int fd, const char *s)
{
    call(NR_write, fd, (long)s, (long)length(s));
}

/* A mebibyte in which every byte tells its place. Returns whether all of it was taken. */
static int big(void)
{
    static unsigned char bytes[1 << 20];
    size_t done = 0;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31 + (i >> 8));
    while (done < sizeof bytes) {
        long n = call(NR_write, 1, (long)(bytes + done), (long)(sizeof bytes - done));

        if (n <= 0)
            return 0;
        done += (size_t)n;
    }
    return 1;
}

static int errors(void)
{
    const struct {
        const void *at;
        size_t size;
    } part[] = {{"", 0}, {"v\n", 2}};

    return call(UNKNOWN, 0, 0, 0) == -38 && call(NR_write, 77, (long)"x", 1) == -9 &&
           call(NR_write, 1, 8, 1) == -14 && call(NR_write, 1, (long)"x", 0) == 0 &&
           call(NR_writev, 1, (long)part, 2) == 2;
}

static int run(long argc, char **argv, char **envp)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (is(what, "hello")) {
        say(1, "hello ");
        say(1, argv[argc - 1]);
        say(1, envp[0] ? envp[0] : "-");
        say(2, "aside");
        return 7;
    }
    if (is(what, "big"))
        return big() ? 0 : 1;
    if (is(what, "errors"))
        return errors() ? 0 : 1;
    if (is(what, "null"))
        *(volatile int *)(uintptr_t)argc = 1; /* argc is 2 or so: the first page */
    if (is(what, "illegal"))
        __asm__ volatile("ud2");
    if (is(what, "divide"))
        __asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx");
    return 2;
}

__attribute__((used)) static void begin(long *stack)
{
    char **argv = (char **)(stack + 1);

    call(NR_exit_group, run(stack[0], argv, argv + stack[0] + 1), 0, 0);
}

__asm__(".globl _start\n"
        "_start:\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call begin\n");
