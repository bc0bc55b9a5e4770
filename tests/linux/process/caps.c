/*
 * Capabilities: the sets of a thread, who may change them, bounding and ambient ones, securebits.
 */
#include "caps.h"

#include <sys/prctl.h>

TEST(caps, capget_knows_versions_and_pids)
{
    struct cap_header head = {0, 0};
    struct caps c[2];

    CHECK_ERR(syscall(SYS_capget, &head, c), EINVAL);
    CHECK_EQ(head.version, VERSION_3);
    head.version = 0;
    CHECK_OK(syscall(SYS_capget, &head, NULL));
    CHECK_EQ(head.version, VERSION_3);
    head.version = VERSION_1;
    CHECK_OK(syscall(SYS_capget, &head, c));
    CHECK_EQ(c[0].effective, 0xffffffffu);
    head = (struct cap_header){VERSION_3, -1};
    CHECK_ERR(syscall(SYS_capget, &head, c), EINVAL);
    head.pid = 31999;
    CHECK_ERR(syscall(SYS_capget, &head, c), ESRCH);
    head.pid = getpid();
    CHECK_OK(syscall(SYS_capget, &head, c));
    CHECK_ERR(syscall(SYS_capget, NULL, c), EFAULT);
}

TEST(caps, capset_only_takes_away)
{
    struct caps c[2];

    caps_get(c);
    c[0].effective &= ~(1u << CAP_CHOWN);
    CHECK_OK(caps_set(c));
    CHECK(!has(CAP_CHOWN));
    c[0].effective |= 1u << CAP_CHOWN;
    CHECK_OK(caps_set(c));
    c[0].effective &= ~(1u << CAP_CHOWN);
    c[0].permitted &= ~(1u << CAP_CHOWN);
    CHECK_OK(caps_set(c));
    c[0].permitted |= 1u << CAP_CHOWN;
    CHECK_ERR(caps_set(c), EPERM);
    c[0].permitted &= ~(1u << CAP_CHOWN);
    c[0].effective |= 1u << CAP_CHOWN;
    CHECK_ERR(caps_set(c), EPERM);
    CHECK(!has(CAP_CHOWN));
}

TEST(caps, without_the_capability_root_is_refused)
{
    struct caps c[2];
    int fd = test_file("f", "x", 1);

    caps_get(c);
    c[0].effective &= ~(1u << CAP_CHOWN | 1u << CAP_SETUID | 1u << CAP_SYS_ADMIN);
    CHECK_OK(caps_set(c));
    CHECK_ERR(fchown(fd, 1000, 1000), EPERM);
    CHECK_ERR(syscall(SYS_setresuid, 1000, 1000, 1000), EPERM);
    CHECK_ERR(sethostname("x", 1), EPERM);
}

TEST(caps, capset_for_another_is_eperm)
{
    struct cap_header head = {VERSION_3, getppid()};
    struct caps c[2];

    caps_get(c);
    CHECK_ERR(syscall(SYS_capset, &head, c), EPERM);
}

TEST(caps, keepcaps_keeps_the_permitted_ones)
{
    struct caps c[2];

    CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
    CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
    CHECK_EQ(prctl(PR_GET_KEEPCAPS), 1);
    CHECK_ERR(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    caps_get(c);
    CHECK_EQ(c[0].effective, 0);
    CHECK_EQ(c[0].permitted >> CAP_CHOWN & 1, 1);
    c[0].effective = 1u << CAP_CHOWN;
    CHECK_OK(caps_set(c));
    CHECK(has(CAP_CHOWN));
}

TEST(caps, the_bounding_set_shrinks)
{
    CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_NET_RAW), 1);
    CHECK_OK(prctl(PR_CAPBSET_DROP, CAP_NET_RAW));
    CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_NET_RAW), 0);
    CHECK_ERR(prctl(PR_CAPBSET_READ, 64), EINVAL);
    CHECK_ERR(prctl(PR_CAPBSET_DROP, 64), EINVAL);
    CHECK_OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    CHECK_ERR(prctl(PR_CAPBSET_DROP, CAP_CHOWN), EPERM);
}

TEST(caps, ambient_ones_need_permitted_and_inheritable)
{
    struct caps c[2];

    CHECK_ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0), EPERM);
    caps_get(c);
    c[0].inheritable = 1u << CAP_NET_RAW;
    CHECK_OK(caps_set(c));
    CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
    CHECK_EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0), 1);
    CHECK_EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0), 0);
    CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_NET_RAW, 0, 0));
    CHECK_EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0), 0);
    CHECK_OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    CHECK_ERR(prctl(PR_CAP_AMBIENT, 9, CAP_CHOWN, 0, 0), EINVAL);
    CHECK_ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 64, 0, 0), EINVAL);
    CHECK_ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 1, 0), EINVAL);
}

TEST(caps, securebits_are_locked_for_good)
{
    CHECK_EQ(prctl(PR_GET_SECUREBITS), 0);
    CHECK_OK(prctl(PR_SET_SECUREBITS, 0x30)); /* KEEP_CAPS and its lock */
    CHECK_EQ(prctl(PR_GET_SECUREBITS), 0x30);
    CHECK_ERR(prctl(PR_SET_SECUREBITS, 0), EPERM);
    CHECK_ERR(prctl(PR_SET_KEEPCAPS, 0), EPERM);
    CHECK_ERR(prctl(PR_SET_SECUREBITS, 0x1000), EPERM);
}
