/*
 * The system as a whole: names, randomness, power, mounts, personality.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <linux/personality.h>
#include <linux/reboot.h>
#include <signal.h>
#include <system.h>
#include <task/launch.h>

static struct mutex name_lock = MUTEX_INIT;
static struct new_utsname uts = {
    .sysname = "Linux",
    .nodename = "jargoon",
    .release = SYSTEM_RELEASE,
    .version = SYSTEM_VERSION,
    .machine = "x86_64",
    .domainname = "(none)",
};

int64_t sys_uname(struct task *t, const uint64_t *a)
{
    struct new_utsname copy;

    mutex_lock(&name_lock);
    copy = uts;
    mutex_unlock(&name_lock);
    if ((t->personality & PER_MASK) == PER_LINUX32)
        memcpy(copy.machine, "i686\0", 6);
    if (t->personality & UNAME26)
        memcpy(copy.release, "2.6.61", 7); /* 60 more than the minor number, as Linux maps it */
    return copy_out(t->mm, a[0], &copy, sizeof copy);
}

static int64_t set_name(struct task *t, const uint64_t *a, char *field)
{
    char name[__NEW_UTS_LEN + 1] = {0};

    if (!cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EPERM;
    if ((uint32_t)a[1] > __NEW_UTS_LEN)
        return -EINVAL;
    if (copy_in(t->mm, name, a[0], (uint32_t)a[1]))
        return -EFAULT;
    mutex_lock(&name_lock);
    memcpy(field, name, sizeof name);
    mutex_unlock(&name_lock);
    return 0;
}

int64_t sys_sethostname(struct task *t, const uint64_t *a)
{
    return set_name(t, a, uts.nodename);
}

int64_t sys_setdomainname(struct task *t, const uint64_t *a)
{
    return set_name(t, a, uts.domainname);
}

void system_name(bool domain, char *buf, size_t size)
{
    const char *field = domain ? uts.domainname : uts.nodename;

    mutex_lock(&name_lock);
    memcpy(buf, field, size < sizeof uts.nodename ? size : sizeof uts.nodename);
    mutex_unlock(&name_lock);
}

void system_set_name(bool domain, const char *name)
{
    char *field = domain ? uts.domainname : uts.nodename;

    mutex_lock(&name_lock);
    memset(field, 0, sizeof uts.nodename);
    memcpy(field, name, strnlen(name, __NEW_UTS_LEN));
    mutex_unlock(&name_lock);
}

int64_t sys_getrandom(struct task *t, const uint64_t *a)
{
    uint8_t bytes[256];
    uint64_t done = 0, size = a[1] < 0x2000000 ? a[1] : 0x2000000;

    if ((a[2] & ~7ull) || (a[2] & 6) == 6)
        return -EINVAL;
    while (done < size && !t->killed) {
        size_t n = size - done < sizeof bytes ? size - done : sizeof bytes;

        if (jg_random(bytes, n) < 0)
            return -EIO;
        if (copy_out(t->mm, a[0] + done, bytes, n))
            return done ? (int64_t)done : -EFAULT;
        done += n;
    }
    return (int64_t)done;
}

int64_t sys_reboot(struct task *t, const uint64_t *a)
{
    uint32_t magic2 = (uint32_t)a[1];

    if (!cred_capable(&t->cred, CAP_SYS_BOOT))
        return -EPERM;
    if ((uint32_t)a[0] != LINUX_REBOOT_MAGIC1 ||
        (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
         magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
        return -EINVAL;
    switch ((uint32_t)a[2]) {
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0;
    case LINUX_REBOOT_CMD_HALT:
    case LINUX_REBOOT_CMD_POWER_OFF:
        launch_power(false);
        break;
    case LINUX_REBOOT_CMD_RESTART:
    case LINUX_REBOOT_CMD_RESTART2:
        launch_power(true);
        break;
    default:
        return -EINVAL;
    }
    /* The machine stops now; this program never goes on. */
    for (;;) {
        wait_prepare(t);
        wait_sleep_killable(t);
    }
}

/* As a Linux that restricts dmesg: without a privilege there is no log at all. */
int64_t sys_syslog(struct task *t, const uint64_t *a)
{
    enum { READ = 2, READ_ALL, READ_CLEAR, CONSOLE_LEVEL = 8, SIZE_BUFFER = 10 };
    int type = (int)a[0], length = (int)a[2];

    if (!cred_capable(&t->cred, CAP_SYSLOG) && !cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EPERM;
    if (type < 0 || type > SIZE_BUFFER)
        return -EINVAL;
    if (type >= READ && type <= READ_CLEAR && (!a[1] || length < 0))
        return -EINVAL;
    if (type == CONSOLE_LEVEL && (length < 1 || length > 8))
        return -EINVAL;
    return 0;
}

int64_t sys_personality(struct task *t, const uint64_t *a)
{
    uint32_t old = t->personality, wanted = (uint32_t)a[0];

    if (wanted != UINT32_MAX)
        t->personality = wanted;
    return old;
}
