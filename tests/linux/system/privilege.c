/*
 * What a plain user may not do to others or to limits.
 */
#include "test.h"

#include <sys/resource.h>

static void become_nobody(void)
{
    CHECK_OK(setresgid(65534, 65534, 65534));
    CHECK_OK(setresuid(65534, 65534, 65534));
}

TEST(system, a_plain_user_does_not_lower_its_oom_score)
{
    CHECK_IN_CHILD({

        become_nobody();
        CHECK_IN_CHILD(execl(test_program, test_program, "helper:lower_oom_score", NULL); _exit(9));
    });
}

HELPER(lower_oom_score)
{
    int fd = CHECK_FD(open("/proc/self/oom_score_adj", O_WRONLY));

    CHECK_ERR(write(fd, "-5", 2), EACCES);
    CHECK_EQ(write(fd, "10", 2), 2);
    CHECK_EQ(write(fd, "20", 2), 2);
    CHECK_ERR(write(fd, "1001", 4), EINVAL);
    return 0;
}

TEST(system, a_plain_user_does_not_renice_others)
{
    CHECK_IN_CHILD({
        become_nobody();
        CHECK_ERR(setpriority(PRIO_PROCESS, getppid(), 5), EPERM);
        CHECK_OK(setpriority(PRIO_PROCESS, 0, 5));
        CHECK_ERR(setpriority(PRIO_PROCESS, 0, 4), EACCES);
    });
}

TEST(system, a_buffer_beyond_the_stack_limit_is_efault)
{
    char *here = (char *)__builtin_frame_address(0);
    struct rlimit limit;
    int fd = CHECK_FD(open("/dev/zero", O_RDONLY));

    CHECK_EQ(read(fd, here - (1 << 20), 10), 10);
    CHECK_ERR(read(fd, here - (20 << 20), 10), EFAULT);
    CHECK_OK(getrlimit(RLIMIT_STACK, &limit));
    limit.rlim_cur = 32 << 20;
    CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
    CHECK_EQ(read(fd, here - (20 << 20), 10), 10);
    CHECK_EQ(here[-(20 << 20)], 0);
}
