/*
 * What the system calls itself, prctl, personality, the log, usage.
 */
#include "test.h"

#include <grp.h>
#include <pthread.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

static void drop_to(uid_t uid)
{
    CHECK_OK(setgroups(0, NULL));
    CHECK_OK(syscall(SYS_setresgid, uid, uid, uid));
    CHECK_OK(syscall(SYS_setresuid, uid, uid, uid));
}

TEST(names, host_and_domain_are_set_by_root_alone)
{
    struct utsname u, old;
    char name[66];

    CHECK_OK(uname(&old));
    memset(name, 'n', sizeof name);
    CHECK_OK(sethostname("tester", 6));
    CHECK_OK(syscall(SYS_setdomainname, "example", 7));
    CHECK_OK(uname(&u));
    CHECK_STR(u.nodename, "tester");
    CHECK_STR((char *)u.nodename + 5 * 65 - 65, "example");
    CHECK_OK(sethostname(name, 64));
    CHECK_ERR(sethostname(name, 65), EINVAL);
    CHECK_ERR(syscall(SYS_sethostname, name, -1), EINVAL);
    CHECK_ERR(syscall(SYS_sethostname, 16, 3), EFAULT);
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_ERR(sethostname("x", 1), EPERM);
        CHECK_ERR(syscall(SYS_setdomainname, "x", 1), EPERM);
    });
    CHECK_OK(sethostname(old.nodename, strlen(old.nodename)));
    CHECK_OK(syscall(SYS_setdomainname, "(none)", 6));
}

TEST(names, a_personality_may_want_older_ones)
{
    struct utsname u;

    CHECK_EQ(personality(0xffffffff), 0);
    CHECK_EQ(personality(PER_LINUX32), 0);
    CHECK_OK(uname(&u));
    CHECK_STR(u.machine, "i686");
    CHECK_EQ(personality(PER_LINUX | UNAME26), PER_LINUX32);
    CHECK_OK(uname(&u));
    CHECK_EQ(strncmp(u.release, "2.6.", 4), 0);
    CHECK_EQ(personality(PER_LINUX), UNAME26);
    CHECK_OK(uname(&u));
    CHECK_STR(u.machine, "x86_64");
}

HELPER(personality)
{
    return personality(0xffffffff) == (PER_LINUX | ADDR_NO_RANDOMIZE) ? 0 : 1;
}

TEST(names, personality_is_inherited_by_fork_and_exec)
{
    CHECK_OK(personality(PER_LINUX | ADDR_NO_RANDOMIZE));
    CHECK_EXIT(CHILD(execl(test_program, test_program, "helper:personality", NULL)), 0);
}

TEST(prctl, name_is_cut_to_fifteen_and_of_the_thread)
{
    char name[17] = "";

    CHECK_OK(prctl(PR_SET_NAME, "a name that is much too long"));
    CHECK_OK(prctl(PR_GET_NAME, name));
    CHECK_STR(name, "a name that is ");
    CHECK_OK(prctl(PR_SET_NAME, "x"));
    memset(name, 'z', sizeof name);
    CHECK_OK(prctl(PR_GET_NAME, name));
    CHECK_MEM(name, "x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0z", 17);
    CHECK_ERR(prctl(PR_SET_NAME, 16), EFAULT);
    CHECK_ERR(prctl(PR_GET_NAME, 16), EFAULT);
}

TEST(prctl, a_name_at_the_end_of_memory_is_taken)
{
    static char text[2];

    text[0] = 'q';
    CHECK_OK(prctl(PR_SET_NAME, text));
}

TEST(prctl, dumpable_is_zero_or_one)
{
    CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
    CHECK_OK(prctl(PR_SET_DUMPABLE, 0));
    CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
    CHECK_IN_CHILD(CHECK_EQ(prctl(PR_GET_DUMPABLE), 0));
    CHECK_ERR(prctl(PR_SET_DUMPABLE, 2), EINVAL);
    CHECK_ERR(prctl(PR_SET_DUMPABLE, -1), EINVAL);
    CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
}

TEST(prctl, dumpable_goes_with_a_change_of_user)
{
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
    });
    CHECK_IN_CHILD({
        CHECK_OK(syscall(SYS_setresgid, -1, 55, -1));
        CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
    });
    CHECK_IN_CHILD({
        CHECK_OK(syscall(SYS_setresuid, 55, -1, -1));
        CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
    });
}

TEST(prctl, no_new_privs_is_for_good)
{
    CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    CHECK_ERR(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
    CHECK_ERR(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
    CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    CHECK_ERR(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
    CHECK_ERR(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL);
    CHECK_IN_CHILD(CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1));
}

TEST(prctl, timer_slack_and_timing)
{
    CHECK_EQ(prctl(PR_GET_TIMERSLACK), 50000);
    CHECK_OK(prctl(PR_SET_TIMERSLACK, 70000));
    CHECK_EQ(prctl(PR_GET_TIMERSLACK), 70000);
    CHECK_OK(prctl(PR_SET_TIMERSLACK, 0));
    CHECK_EQ(prctl(PR_GET_TIMERSLACK), 50000);
    CHECK_EQ(prctl(PR_GET_TIMING), PR_TIMING_STATISTICAL);
    CHECK_ERR(prctl(PR_SET_TIMING, 1), EINVAL);
}

TEST(prctl, unknown_ones_are_einval)
{
    CHECK_ERR(prctl(12345), EINVAL);
    CHECK_ERR(prctl(-1), EINVAL);
    CHECK_ERR(prctl(PR_SET_FPEMU, 1), EINVAL);
    CHECK_ERR(prctl(PR_SET_ENDIAN, 1), EINVAL);
    CHECK_ERR(prctl(PR_SET_UNALIGN, 1), EINVAL);
}

TEST(syslog, is_not_for_plain_users)
{
    char text[16];

    CHECK_ERR(syscall(SYS_syslog, 11, 0, 0), EINVAL);
    CHECK_ERR(syscall(SYS_syslog, -1, 0, 0), EINVAL);
    CHECK_ERR(syscall(SYS_syslog, 3, NULL, 10), EINVAL);
    CHECK_ERR(syscall(SYS_syslog, 3, text, -1), EINVAL);
    CHECK_ERR(syscall(SYS_syslog, 8, NULL, 9), EINVAL);
    CHECK_OK(syscall(SYS_syslog, 0, NULL, 0));
    CHECK_OK(syscall(SYS_syslog, 1, NULL, 0));
    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_ERR(syscall(SYS_syslog, 3, text, sizeof text), EPERM);
        CHECK_ERR(syscall(SYS_syslog, 10, NULL, 0), EPERM);
    });
}

TEST(usage, of_this_thread_this_process_and_its_children)
{
    struct rusage self, thread, children;
    volatile char *fresh = calloc(64, 4096);
    struct rusage before;

    CHECK_OK(getrusage(RUSAGE_THREAD, &before));
    for (int i = 0; i < 64; i++)
        fresh[i * 4096] = 1;
    for (int64_t until = test_now_ms() + 60; test_now_ms() < until;)
        continue;
    CHECK_OK(getrusage(RUSAGE_SELF, &self));
    CHECK_OK(getrusage(RUSAGE_THREAD, &thread));
    CHECK_OK(getrusage(RUSAGE_CHILDREN, &children));
    CHECK_GE(thread.ru_minflt - before.ru_minflt, 64);
    CHECK_GE(self.ru_minflt, before.ru_minflt + 64);
    CHECK_GE(thread.ru_utime.tv_sec * 1000000 + thread.ru_utime.tv_usec, 20000);
    CHECK_EQ(children.ru_utime.tv_sec + children.ru_utime.tv_usec + children.ru_minflt, 0);
    CHECK_ERR(getrusage(2, &self), EINVAL);
    CHECK_ERR(getrusage(-2, &self), EINVAL);
    CHECK_ERR(syscall(SYS_getrusage, RUSAGE_SELF, 16), EFAULT);
}

TEST(usage, sleeping_is_a_voluntary_switch)
{
    struct rusage a, b;

    CHECK_OK(getrusage(RUSAGE_SELF, &a));
    for (int i = 0; i < 10; i++)
        test_sleep_ms(20); /* long enough for a slow host not to be late already */
    CHECK_OK(getrusage(RUSAGE_SELF, &b));
    CHECK_GE(b.ru_nvcsw - a.ru_nvcsw, 10);
    CHECK_LE(b.ru_nvcsw - a.ru_nvcsw, 40);
}

static void *burn(void *unused)
{
    for (int64_t until = test_now_ms() + 60; test_now_ms() < until;)
        continue;
    return unused;
}

TEST(usage, of_threads_that_have_gone_stays)
{
    struct rusage self, mine;
    pthread_t thread;

    CHECK_OK(pthread_create(&thread, NULL, burn, NULL));
    CHECK_OK(pthread_join(thread, NULL));
    test_sleep_ms(10);
    CHECK_OK(getrusage(RUSAGE_SELF, &self));
    CHECK_OK(getrusage(RUSAGE_THREAD, &mine));
    CHECK_GE(self.ru_utime.tv_usec - mine.ru_utime.tv_usec + self.ru_stime.tv_usec -
                 mine.ru_stime.tv_usec,
             20000);
}

TEST(usage, times_counts_children_after_the_wait)
{
    struct tms a, b;

    CHECK_GE(times(&a), 0);
    CHECK_EQ(a.tms_cutime + a.tms_cstime, 0);
    CHECK_IN_CHILD(burn(NULL));
    CHECK_GE(times(&b), 0);
    CHECK_GE(b.tms_cutime + b.tms_cstime, 2);
    CHECK_ERR(syscall(SYS_times, 16), EFAULT);
    CHECK_GE(syscall(SYS_times, NULL), 0);
}

TEST(usage, sysinfo_counts_processes_and_memory)
{
    struct sysinfo a, b;

    CHECK_OK(sysinfo(&a));
    pid_t pid = CHILD(pause());
    CHECK_OK(sysinfo(&b));
    CHECK_GE(b.procs, a.procs);
    CHECK_GT(b.procs, 2);
    CHECK_LE(b.freeram, b.totalram);
    CHECK_EQ(b.totalswap, 0);
    CHECK_ERR(syscall(SYS_sysinfo, 16), EFAULT);
    kill(pid, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
}

TEST(usage, umask_keeps_nine_bits)
{
    umask(0);
    CHECK_EQ(umask(07777), 0);
    CHECK_EQ(umask(022), 0777);
}
