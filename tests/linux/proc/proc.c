/*
 * /proc: the files that ps, top, free, uptime, mount and musl read.
 */
#include "test.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static char *proc(const char *file)
{
    char path[100];

    snprintf(path, sizeof path, "/proc/%s", file);
    return test_read_file(path, NULL);
}

static long long field(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    if (!at)
        FAIL("no %s in %s", name, text);
    return atoll(at + strlen(name));
}

TEST(proc, self_is_a_link_to_ones_own_number)
{
    char text[32], wanted[32];
    ssize_t n = readlink("/proc/self", text, sizeof text - 1);

    CHECK_GT(n, 0);
    text[n] = '\0';
    snprintf(wanted, sizeof wanted, "%d", getpid());
    CHECK_STR(text, wanted);
}

TEST(proc, stat_has_all_its_fields)
{
    char *text = proc("self/stat"), *after = strrchr(text, ')');
    char state;
    int pid = atoi(text), ppid, group, session, fields = 2;

    CHECK_EQ(pid, getpid());
    CHECK(after != NULL);
    CHECK(strstr(text, "(proc-proc)") != NULL);
    CHECK_EQ(sscanf(after + 1, " %c %d %d %d", &state, &ppid, &group, &session), 4);
    CHECK_EQ(state, 'R');
    CHECK_EQ(ppid, getppid());
    CHECK_EQ(group, getpgrp());
    CHECK_EQ(session, getsid(0));
    for (char *p = after + 1; *p; p++)
        fields += *p == ' ';
    CHECK_EQ(fields, 52);
}

TEST(proc, status_tells_names_ids_and_memory)
{
    char *text = proc("self/status");

    CHECK(strstr(text, "Name:\tproc-proc\n") == text);
    CHECK_EQ(field(text, "\nPid:"), getpid());
    CHECK_EQ(field(text, "\nPPid:"), getppid());
    CHECK_EQ(field(text, "\nTgid:"), getpid());
    CHECK_EQ(field(text, "\nThreads:"), 1);
    CHECK_EQ(field(text, "\nUid:"), 0);
    CHECK_GT(field(text, "\nVmRSS:"), 0);
    CHECK_GT(field(text, "\nVmSize:"), 0);
    CHECK(strstr(text, "\nState:\tR") != NULL);
    CHECK(strstr(text, "\nSigBlk:\t") != NULL);
}

TEST(proc, statm_is_seven_numbers_of_pages)
{
    long n[7];

    CHECK_EQ(sscanf(proc("self/statm"), "%ld %ld %ld %ld %ld %ld %ld", n, n + 1, n + 2, n + 3,
                    n + 4, n + 5, n + 6),
             7);
    CHECK_GT(n[0], 0);
    CHECK_GE(n[0], n[1]);
    CHECK_GT(n[1], 0);
}

TEST(proc, cmdline_keeps_zero_bytes)
{
    size_t size;
    char *text = test_read_file("/proc/self/cmdline", &size);

    CHECK_STR(text, "/tests/proc-proc");
    CHECK_STR(text + strlen(text) + 1, "proc.cmdline_keeps_zero_bytes");
    CHECK_EQ(size, sizeof "/tests/proc-proc" + sizeof "proc.cmdline_keeps_zero_bytes");
}

TEST(proc, exe_cwd_and_fd_are_links)
{
    char text[300], cwd[300], path[64];
    ssize_t n = readlink("/proc/self/exe", text, sizeof text - 1);

    CHECK_GT(n, 0);
    text[n] = '\0';
    CHECK_STR(text, "/tests/proc-proc");
    CHECK(getcwd(cwd, sizeof cwd));
    n = readlink("/proc/self/cwd", text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    CHECK_STR(text, cwd);
    int fd = test_file("named", "x", 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    n = readlink(path, text, sizeof text - 1);
    CHECK_GT(n, 0);
    text[n] = '\0';
    CHECK_STR(text + strlen(cwd), "/named");
}

TEST(proc, comm_follows_prctl)
{
    CHECK_STR(proc("self/comm"), "proc-proc\n");
    CHECK_OK(prctl(PR_SET_NAME, "another"));
    CHECK_STR(proc("self/comm"), "another\n");
    char name[16];
    CHECK_OK(prctl(PR_GET_NAME, name));
    CHECK_STR(name, "another");
}

TEST(proc, maps_shows_program_stack_and_mappings)
{
    char *m = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), line[64];

    CHECK(m != MAP_FAILED);
    CHECK_OK(mprotect(m + 4096, 4096, PROT_NONE));
    char *text = proc("self/maps");
    CHECK(strstr(text, "/tests/proc-proc\n") != NULL);
    CHECK(strstr(text, "[stack]\n") != NULL);
    snprintf(line, sizeof line, "%08lx-%08lx ---p", (unsigned long)m + 4096,
             (unsigned long)m + 8192);
    CHECK(strstr(text, line) != NULL);
    CHECK(strstr(text, " r-xp ") != NULL);
}

TEST(proc, the_listing_has_every_process)
{
    pid_t pids[3];
    int found = 0, self = 0, init = 0;

    for (int i = 0; i < 3; i++)
        pids[i] = CHILD(for (;;) pause());
    DIR *dir = opendir("/proc");
    CHECK(dir != NULL);
    for (struct dirent *e; (e = readdir(dir));) {
        for (int i = 0; i < 3; i++)
            found += atoi(e->d_name) == pids[i];
        self += atoi(e->d_name) == getpid();
        init += atoi(e->d_name) == 1;
    }
    CHECK_EQ(found, 3);
    CHECK_EQ(self, 1);
    CHECK_EQ(init, 1);
    for (int i = 0; i < 3; i++) {
        kill(pids[i], SIGKILL);
        CHECK_KILLED(pids[i], SIGKILL);
    }
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", pids[0]);
    CHECK_ERR(open(path, O_RDONLY), ENOENT);
}

TEST(proc, states_are_told)
{
    int status;
    pid_t stopped = CHILD(for (;;) pause()), zombie = CHILD(_exit(0));
    char path[32];

    kill(stopped, SIGSTOP);
    CHECK_EQ(waitpid(stopped, &status, WUNTRACED), stopped);
    snprintf(path, sizeof path, "%d/stat", stopped);
    CHECK_EQ(strrchr(proc(path), ')')[2], 'T');
    kill(stopped, SIGCONT);
    for (int i = 0; i < 100 && strrchr(proc(path), ')')[2] != 'S'; i++)
        test_sleep_ms(10);
    CHECK_EQ(strrchr(proc(path), ')')[2], 'S');
    snprintf(path, sizeof path, "%d/stat", zombie);
    for (int i = 0; i < 100 && strrchr(proc(path), ')')[2] != 'Z'; i++)
        test_sleep_ms(10);
    CHECK_EQ(strrchr(proc(path), ')')[2], 'Z');
    snprintf(path, sizeof path, "%d/cmdline", zombie);
    CHECK_STR(proc(path), "");
    kill(stopped, SIGKILL);
    CHECK_KILLED(stopped, SIGKILL);
    CHECK_EXIT(zombie, 0);
}

TEST(proc, meminfo_adds_up)
{
    char *text = proc("meminfo");
    long long total = field(text, "MemTotal:"), avail = field(text, "MemFree:");

    CHECK_GT(total, 8192);
    CHECK_GT(avail, 0);
    CHECK_LT(avail, total);
    CHECK_GE(field(text, "MemAvailable:"), 0);
    CHECK_GE(field(text, "Buffers:"), 0);
    CHECK_GE(field(text, "Cached:"), 0);
    CHECK_GE(field(text, "SwapTotal:"), 0);
    CHECK_GE(field(text, "Shmem:"), 0);
}

TEST(proc, memory_that_is_taken_is_missing_and_comes_back)
{
    enum { SIZE = 16 << 20 };
    long long before = field(proc("meminfo"), "MemFree:"), during, after;
    char *m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(m != MAP_FAILED);
    for (int at = 0; at < SIZE; at += 4096)
        m[at] = 1;
    during = field(proc("meminfo"), "MemFree:");
    CHECK_LT(during, before - 14000);
    CHECK_OK(munmap(m, SIZE));
    after = field(proc("meminfo"), "MemFree:");
    CHECK_GT(after, during + 12000);
}

TEST(proc, system_wide_files)
{
    double up, idle, load;
    long user, nice, system, idle_ticks;
    char *text;

    usleep(20000); /* the first hundredth of a second may still run */
    CHECK_EQ(sscanf(proc("uptime"), "%lf %lf", &up, &idle), 2);
    CHECK(up > 0.0);
    CHECK_EQ(sscanf(proc("loadavg"), "%lf", &load), 1);
    text = proc("stat");
    CHECK_EQ(sscanf(text, "cpu %ld %ld %ld %ld", &user, &nice, &system, &idle_ticks), 4);
    CHECK(strstr(text, "\nbtime ") != NULL);
    CHECK(strstr(text, "\nprocesses ") != NULL);
    CHECK(strstr(text, "\ncpu0 ") || strstr(text, "cpu0 "));
    CHECK(strncmp(proc("version"), "Linux version 6.1.0", 19) == 0);
    CHECK(strstr(proc("filesystems"), "tmpfs") != NULL);
    CHECK(strstr(proc("cpuinfo"), "processor\t: 0") != NULL);
    CHECK(strstr(proc("mounts"), " / tmpfs rw") != NULL);
    CHECK(strstr(proc("mounts"), "proc /proc proc ") != NULL);
    CHECK(strstr(proc("self/mountinfo"), " / / ") != NULL);
    CHECK(proc("sys/vm/overcommit_memory")[1] == '\n');
    CHECK(strncmp(proc("sys/kernel/osrelease"), "6.1.0", 5) == 0);
    CHECK_GT(atoi(proc("sys/kernel/pid_max")), 300);
}

TEST(proc, names_cannot_be_made_or_removed)
{
    CHECK_ERR(mkdir("/proc/new", 0755), ENOENT);
    CHECK_ERR(unlink("/proc/uptime"), EPERM);
}

TEST(proc, small_reads_give_the_same_text)
{
    static char whole[65536];
    char *text = proc("self/status"), c;
    size_t at = 0;

    strcpy(whole, text);
    int fd = CHECK_FD(open("/proc/self/stat", O_RDONLY));
    while (read(fd, &c, 1) == 1)
        at++;
    CHECK_GT(at, 50);
    CHECK_EQ(read(fd, &c, 1), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_EQ(strncmp(whole, "Name:", 5), 0);
}
