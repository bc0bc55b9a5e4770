/*
 * The vDSO: its clocks and the kernel's are the same clocks. Source: vdso(7).
 */
#include "test.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static long long nanoseconds(const struct timespec *t)
{
    return t->tv_sec * 1000000000ll + t->tv_nsec;
}

TEST(vdso, is_an_elf_image_with_the_names_that_a_libc_looks_for)
{
    const unsigned char *image = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)image;

    CHECK(image != NULL);
    CHECK(!memcmp(image, ELFMAG, SELFMAG));
    CHECK_EQ(head->e_type, ET_DYN);
    CHECK_EQ(head->e_machine, EM_X86_64);
    CHECK_OK(!memmem(image, 4096, "__vdso_clock_gettime", 21));
    CHECK_OK(!memmem(image, 4096, "LINUX_2.6", 10));
}

/* Between two readings by system call lies every reading without one, on every clock. */
static void between(clockid_t clock)
{
    for (int i = 0; i < 2000; i++) {
        struct timespec before, now, after;

        CHECK_OK(syscall(SYS_clock_gettime, clock, &before));
        CHECK_OK(clock_gettime(clock, &now));
        CHECK_OK(syscall(SYS_clock_gettime, clock, &after));
        CHECK_GE(nanoseconds(&now), nanoseconds(&before));
        CHECK_GE(nanoseconds(&after), nanoseconds(&now));
    }
}

TEST(vdso, clocks_agree_with_the_system_calls)
{
    between(CLOCK_MONOTONIC);
    between(CLOCK_REALTIME);
    between(CLOCK_BOOTTIME);
}

TEST(vdso, seconds_and_microseconds_are_the_wall_clock)
{
    struct timespec before, after;
    struct timeval tv;
    time_t seconds;

    CHECK_OK(clock_gettime(CLOCK_REALTIME, &before));
    seconds = time(NULL);
    CHECK_OK(gettimeofday(&tv, NULL));
    CHECK_OK(clock_gettime(CLOCK_REALTIME, &after));
    CHECK_GE(seconds, before.tv_sec - 1); /* Linux's time() is that of the last tick */
    CHECK_GE(after.tv_sec, seconds);
    CHECK_GE(tv.tv_sec * 1000000000ll + tv.tv_usec * 1000ll + 999, nanoseconds(&before));
    CHECK_GE(nanoseconds(&after), tv.tv_sec * 1000000000ll + tv.tv_usec * 1000ll);
}

TEST(vdso, other_clocks_fall_back_to_the_system_call)
{
    struct timespec t;

    CHECK_OK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t));
    CHECK_OK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
    CHECK_ERR(clock_gettime(77, &t), EINVAL);
}

TEST(vdso, is_there_after_fork_and_cannot_be_written)
{
    CHECK_EXIT(CHILD({
                   struct timespec t;
                   CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &t));
                   CHECK_GT(nanoseconds(&t), 0);
               }),
               0);
    CHECK_KILLED(CHILD({ *(volatile char *)getauxval(AT_SYSINFO_EHDR) = 0; }), SIGSEGV);
}
