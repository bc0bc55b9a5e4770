/*
 * What a process uses: memory, mapping by mapping, and time.
 */
#include "procfs.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/sysmacros.h>

#define MIB (1024 * 1024)

static char *map(size_t size, int prot, int flags)
{
    char *m = mmap(NULL, size, prot, flags | MAP_ANONYMOUS, -1, 0);

    CHECK(m != MAP_FAILED);
    return m;
}

static long long status_kb(const char *name)
{
    return number_after(text_of(getpid(), "status"), name);
}

TEST(proc, resident_memory_grows_when_it_is_touched)
{
    char *m = map(8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    long long before = status_kb("\nRssAnon:"), size = status_kb("\nVmSize:");

    memset(m, 1, 8 * MIB);
    CHECK_GE(status_kb("\nRssAnon:"), before + 8192 - 256);
    CHECK_LE(status_kb("\nRssAnon:"), before + 8192 + 256);
    CHECK_EQ(status_kb("\nVmSize:"), size);
    CHECK_GE(status_kb("\nVmRSS:"), 8192);
    CHECK_OK(munmap(m, 8 * MIB));
    CHECK_LE(status_kb("\nRssAnon:"), before + 256);
    CHECK_EQ(status_kb("\nVmSize:"), size - 8192);
}

TEST(proc, peaks_are_remembered)
{
    char *m = map(16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    long long size = status_kb("\nVmSize:"), now;

    memset(m, 1, 16 * MIB);
    CHECK_OK(munmap(m, 16 * MIB));
    CHECK_GE(status_kb("\nVmPeak:"), size);
    CHECK_GE(status_kb("\nVmHWM:"), 16384);
    now = status_kb("\nVmRSS:");
    CHECK_LT(now, 16384);
    struct rusage usage;
    CHECK_OK(getrusage(RUSAGE_SELF, &usage));
    CHECK_GE(usage.ru_maxrss, 16384);
}

TEST(proc, statm_and_stat_agree_with_status)
{
    long n[7];

    map(4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    CHECK_EQ(sscanf(text_of(getpid(), "statm"), "%ld %ld %ld %ld %ld %ld %ld", n, n + 1, n + 2,
                    n + 3, n + 4, n + 5, n + 6),
             7);
    CHECK_EQ(n[0] * 4, status_kb("\nVmSize:"));
    CHECK_EQ((long long)stat_field(getpid(), 23), n[0] * 4096);
    CHECK_LE(labs((long)stat_field(getpid(), 24) - n[1]), 64);
    CHECK_EQ(n[4], 0);
    CHECK_EQ(n[6], 0);
    CHECK_EQ(n[3] * 4, status_kb("\nVmExe:"));
    CHECK_EQ(n[5] * 4, status_kb("\nVmData:") + status_kb("\nVmStk:"));
}

TEST(proc, memory_is_told_by_its_use)
{
    long long data = status_kb("\nVmData:"), stack = status_kb("\nVmStk:");
    long long size = status_kb("\nVmSize:");

    map(2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    CHECK_EQ(status_kb("\nVmData:"), data + 2048);
    map(2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED);
    map(2 * MIB, PROT_READ, MAP_PRIVATE);
    CHECK_EQ(status_kb("\nVmData:"), data + 2048);
    CHECK_EQ(status_kb("\nVmStk:"), stack);
    CHECK_EQ(status_kb("\nVmSize:"), size + 6144);
    CHECK_GE(stack, 4);
    CHECK_GT(status_kb("\nVmExe:"), 4);
    CHECK_GT(status_kb("\nVmPTE:"), 0);
    CHECK_EQ(status_kb("\nVmSwap:"), 0);
}

TEST(proc, shared_memory_is_told_apart)
{
    long long before = status_kb("\nRssShmem:"), anonymous = status_kb("\nRssAnon:");
    char *m = map(4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED);

    memset(m, 1, 4 * MIB);
    CHECK_GE(status_kb("\nRssShmem:"), before + 4096 - 256);
    CHECK_LE(status_kb("\nRssAnon:"), anonymous + 256);
}

/* The line of the mapping at `m` in a text like maps; the case fails when there is none. */
static const char *line_of(const char *text, const void *m)
{
    char start[32];
    const char *at;

    snprintf(start, sizeof start, "\n%08lx-", (unsigned long)m);
    at = strstr(text, start);
    if (!at)
        FAIL("no mapping at %p in %s", m, text);
    return at + 1;
}

TEST(proc, maps_tells_protection_sharing_and_place)
{
    int fd = test_file("file", "abc", 3);
    char *shared, wanted[200], cwd[256];
    struct stat st;

    CHECK_OK(ftruncate(fd, 16384));
    CHECK_OK(fstat(fd, &st));
    CHECK(getcwd(cwd, sizeof cwd));
    shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
    CHECK(shared != MAP_FAILED);
    snprintf(wanted, sizeof wanted, "%08lx-%08lx rw-s 00001000 %02x:%02x %lu ",
             (unsigned long)shared, (unsigned long)shared + 8192, major(st.st_dev),
             minor(st.st_dev), (unsigned long)st.st_ino);
    const char *line = line_of(text_of(getpid(), "maps"), shared);
    CHECK_EQ(strncmp(line, wanted, strlen(wanted)), 0);
    const char *name = strchr(line, '/');
    CHECK_EQ(name - line, 73);
    CHECK_EQ(strncmp(name, cwd, strlen(cwd)), 0);
    CHECK_EQ(strncmp(name + strlen(cwd), "/file\n", 6), 0);
    CHECK_OK(unlink("file"));
    line = line_of(text_of(getpid(), "maps"), shared);
    CHECK_EQ(strncmp(strchr(line, '/') + strlen(cwd), "/file (deleted)\n", 16), 0);
}

TEST(proc, maps_names_heap_stack_and_code)
{
    char *text, line[64];
    unsigned long start, end, here = (unsigned long)&text, heap;

    heap = (unsigned long)syscall(SYS_brk, 0);
    CHECK_EQ(syscall(SYS_brk, heap + 65536), heap + 65536);
    text = text_of(getpid(), "maps");
    char *stack = strstr(text, "[stack]\n"), *at = stack;
    CHECK(stack != NULL);
    while (at > text && at[-1] != '\n')
        at--;
    CHECK_EQ(sscanf(at, "%lx-%lx", &start, &end), 2);
    CHECK(start <= here && here < end);
    at = strstr(text, "[heap]\n");
    CHECK(at != NULL);
    while (at > text && at[-1] != '\n')
        at--;
    CHECK_EQ(sscanf(at, "%lx-%lx", &start, &end), 2);
    CHECK(start <= heap && heap + 65536 <= end);
    CHECK(strstr(text, "[vdso]\n") != NULL);
    snprintf(line, sizeof line, "%s\n", test_program);
    CHECK(strstr(text, line) != NULL);
}

TEST(proc, a_newline_in_a_name_is_written_as_a_number)
{
    int fd = test_file("new\nline", "x", 1);

    char *m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(m != MAP_FAILED);
    const char *line = line_of(text_of(getpid(), "maps"), m);
    const char *name = strstr(line, "/new\\012line\n");
    CHECK(name != NULL);
    CHECK(name < strchr(line, '\n'));
}

static long long smaps_kb(const void *m, const char *name)
{
    return number_after(line_of(text_of(getpid(), "smaps"), m), name);
}

TEST(proc, smaps_counts_pages_of_a_mapping)
{
    char *m = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    CHECK_OK(mprotect(m + MIB / 2, MIB / 2, PROT_NONE));
    CHECK_EQ(smaps_kb(m, "\nSize:"), 512);
    CHECK_EQ(smaps_kb(m, "\nRss:"), 0);
    memset(m, 1, 10 * 4096);
    CHECK_EQ(smaps_kb(m, "\nRss:"), 40);
    CHECK_EQ(smaps_kb(m, "\nPss:"), 40);
    CHECK_EQ(smaps_kb(m, "\nPrivate_Dirty:"), 40);
    CHECK_EQ(smaps_kb(m, "\nShared_Dirty:"), 0);
    CHECK_EQ(smaps_kb(m, "\nAnonymous:"), 40);
    CHECK_EQ(smaps_kb(m, "\nKernelPageSize:"), 4);
    CHECK_EQ(smaps_kb(m, "\nSwap:"), 0);
    CHECK_OK(madvise(m, 5 * 4096, MADV_DONTNEED));
    CHECK_EQ(smaps_kb(m, "\nRss:"), 20);
}

TEST(proc, smaps_tells_what_a_fork_shares)
{
    char *m = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    int p[2];
    char c;

    CHECK_OK(mprotect(m + MIB / 2, MIB / 2, PROT_NONE));
    memset(m, 1, 8 * 4096);
    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        memset(m, 2, 2 * 4096);
        CHECK_EQ(write(p[1], "x", 1), 1);
        for (;;)
            pause();
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(smaps_kb(m, "\nRss:"), 32);
    CHECK_EQ(smaps_kb(m, "\nShared_Dirty:") + smaps_kb(m, "\nShared_Clean:"), 24);
    CHECK_EQ(smaps_kb(m, "\nPrivate_Dirty:") + smaps_kb(m, "\nPrivate_Clean:"), 8);
    CHECK_EQ(smaps_kb(m, "\nPss:"), 20);
    end_child(pid);
    CHECK_EQ(smaps_kb(m, "\nPss:"), 32);
}

TEST(proc, smaps_has_the_flags_of_a_mapping)
{
    char *m = map(8192, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *s = map(8192, PROT_READ, MAP_SHARED);

    CHECK_OK(mprotect(m + 4096, 4096, PROT_NONE));
    CHECK_OK(madvise(m, 4096, MADV_DONTFORK));
    const char *line = strstr(line_of(text_of(getpid(), "smaps"), m), "\nVmFlags: ") + 1;
    CHECK_EQ(strncmp(line, "VmFlags: rd wr mr mw me ", 24), 0);
    CHECK(strstr(line, " dc ") != NULL && strstr(line, " dc ") < strchr(line, '\n'));
    line = strstr(line_of(text_of(getpid(), "smaps"), s), "\nVmFlags: ") + 1;
    CHECK_EQ(strncmp(line, "VmFlags: rd sh mr mw me ms ", 27), 0);
}

TEST(proc, the_rollup_is_the_sum)
{
    char *text, *at;
    long long rss = 0, pss = 0, sum;

    memset(map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE), 1, MIB);
    text = text_of(getpid(), "smaps_rollup");
    CHECK(strstr(text, " ---p 00000000 00:00 0 ") != NULL);
    CHECK_EQ(strstr(text, "[rollup]\n") - text, 73);
    sum = number_after(text, "\nRss:");
    CHECK_GE(number_after(text, "\nPss_Anon:"), 1024);
    text = text_of(getpid(), "smaps");
    for (at = text; (at = strstr(at, "\nRss:")); at++)
        rss += atoll(at + 5);
    for (at = text; (at = strstr(at, "\nPss:")); at++)
        pss += atoll(at + 5);
    CHECK_LE(llabs(rss - sum), 64);
    CHECK_LE(pss, rss);
}

TEST(proc, a_large_reservation_costs_no_time_to_look_at)
{
    char *m = mmap(NULL, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int64_t start = test_now_ms();

    CHECK(m != MAP_FAILED);
    CHECK_EQ(smaps_kb(m, "\nRss:"), 0);
    CHECK_GT(number_after(text_of(getpid(), "smaps_rollup"), "\nRss:"), 0);
    CHECK_LT(test_now_ms() - start, 3000);
}

static void burn_ms(long ms)
{
    struct rusage usage;
    long used;

    do {
        for (volatile int i = 0; i < 100000; i++)
            ;
        getrusage(RUSAGE_SELF, &usage);
        used = usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000;
    } while (used < ms);
}

TEST(proc, cpu_time_is_counted)
{
    unsigned long long user = stat_field(getpid(), 14);

    burn_ms(300);
    CHECK_GE(stat_field(getpid(), 14), user + 20);
    CHECK_LE(stat_field(getpid(), 14), user + 60);
}

TEST(proc, times_of_children_are_added_when_they_were_waited_for)
{
    struct tms before, after;

    times(&before);
    CHECK_IN_CHILD(burn_ms(200));
    times(&after);
    CHECK_GE(after.tms_cutime, before.tms_cutime + 15);
    CHECK_GE(stat_field(getpid(), 16), (unsigned long long)after.tms_cutime);
}

TEST(proc, user_time_of_the_system_grows_with_that_of_programs)
{
    long before, after, nice, system, idle;

    CHECK_EQ(sscanf(test_read_file("/proc/stat", NULL), "cpu %ld %ld %ld %ld", &before, &nice,
                    &system, &idle),
             4);
    burn_ms(300);
    CHECK_EQ(sscanf(test_read_file("/proc/stat", NULL), "cpu %ld", &after), 1);
    CHECK_GE(after, before + 10);
}

TEST(proc, idle_time_grows_while_nobody_works)
{
    double up, idle, up_after, idle_after;

    CHECK_EQ(sscanf(test_read_file("/proc/uptime", NULL), "%lf %lf", &up, &idle), 2);
    test_sleep_ms(600);
    CHECK_EQ(sscanf(test_read_file("/proc/uptime", NULL), "%lf %lf", &up_after, &idle_after), 2);
    CHECK(up_after - up > 0.5 && up_after - up < 5);
    CHECK(idle_after - idle > 0.2);
}

TEST(proc, faults_are_counted)
{
    unsigned long long before = stat_field(getpid(), 10);
    char *m = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    memset(m, 1, MIB);
    CHECK_GE(stat_field(getpid(), 10), before + 16);
    CHECK_IN_CHILD(memset(m, 2, MIB));
    CHECK_GE(stat_field(getpid(), 11), 16);
}

TEST(proc, processes_and_switches_are_counted)
{
    char *text = test_read_file("/proc/stat", NULL);
    long long processes = number_after(text, "\nprocesses "),
              switches = number_after(text, "\nctxt ");

    for (int i = 0; i < 5; i++)
        CHECK_IN_CHILD(;);
    text = test_read_file("/proc/stat", NULL);
    CHECK_GE(number_after(text, "\nprocesses "), processes + 5);
    CHECK_GT(number_after(text, "\nctxt "), switches);
    CHECK_GE(number_after(text, "\nprocs_running "), 1);
    CHECK(llabs(number_after(text, "\nbtime ") - (time(NULL) - test_now_ms() / 1000)) < 5);
}

TEST(proc, the_start_time_is_in_ticks_since_boot)
{
    double up;

    CHECK_EQ(sscanf(test_read_file("/proc/uptime", NULL), "%lf", &up), 1);
    pid_t pid = IDLE_CHILD();
    CHECK(stat_field(pid, 22) >= (unsigned long long)(up * 100) - 5);
    CHECK(stat_field(pid, 22) <= (unsigned long long)(up * 100) + 300);
    CHECK_GE(stat_field(pid, 22), stat_field(getpid(), 22));
    end_child(pid);
}

TEST(proc, voluntary_switches_are_counted)
{
    long long before = status_kb("\nvoluntary_ctxt_switches:");

    for (int i = 0; i < 10; i++)
        test_sleep_ms(2);
    CHECK_GE(status_kb("\nvoluntary_ctxt_switches:"), before + 8);
}

static void *spin_until(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_SEQ_CST))
        ;
    return NULL;
}

TEST(proc, the_load_rises_with_work)
{
    /* time limit: 40 s */
    double before, after;
    int total, running, stop = 0;
    pthread_t a, b;

    CHECK_EQ(sscanf(test_read_file("/proc/loadavg", NULL), "%lf", &before), 1);
    CHECK_OK(pthread_create(&a, NULL, spin_until, &stop));
    CHECK_OK(pthread_create(&b, NULL, spin_until, &stop));
    test_sleep_ms(12000);
    CHECK_EQ(sscanf(test_read_file("/proc/loadavg", NULL), "%lf %*f %*f %d/%d", &after, &running,
                    &total),
             3);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    CHECK(after > 0.15);
    CHECK(after > before || before > 1.5);
    CHECK_GE(running, 2);
    CHECK_GT(total, running);
}
