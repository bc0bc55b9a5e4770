/*
 * The system as a whole: names, randomness, power, mounts, prctl.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <fs/mounts.h>
#include <linux/prctl.h>
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
    return copy_out(t->mm, a[0], &copy, sizeof copy);
}

/*
 * As a Linux whose kernel has no address family built in; libc then does without (initgroups,
 * syslog).
 */
int64_t sys_socket(struct task *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    return -EAFNOSUPPORT;
}

static int64_t set_name(struct task *t, const uint64_t *a, char *field)
{
    char name[__NEW_UTS_LEN + 1] = {0};

    if (!cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EPERM;
    if (a[1] > __NEW_UTS_LEN)
        return -EINVAL;
    if (copy_in(t->mm, name, a[0], a[1]))
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

void system_hostname(char *buf, size_t size)
{
    mutex_lock(&name_lock);
    memcpy(buf, uts.nodename, size < sizeof uts.nodename ? size : sizeof uts.nodename);
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

int64_t sys_syslog(struct task *t, const uint64_t *a)
{
    int type = (int)a[0];

    if (type < 0 || type > 10)
        return -EINVAL;
    if (type != 3 && type != 10 && !cred_capable(&t->cred, CAP_SYSLOG) &&
        !cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EPERM;
    return 0;
}

int64_t sys_personality(struct task *t, const uint64_t *a)
{
    (void)t;
    if ((uint32_t)a[0] == UINT32_MAX || !(uint32_t)a[0])
        return 0;
    return -EINVAL;
}

static int64_t copy_fs_string(struct task *t, uint64_t va, char *buf, size_t size)
{
    int64_t n;

    buf[0] = 0;
    if (!va)
        return 0;
    n = copy_in_string(t->mm, buf, va, size);
    return n < 0 ? (n == -ENAMETOOLONG ? -EINVAL : n) : 0;
}

int64_t sys_mount(struct task *t, const uint64_t *a)
{
    struct mount_text *text = rt_zalloc(sizeof *text);
    int64_t err;

    if (!text)
        return -ENOMEM;
    err = copy_fs_string(t, a[0], text->source, sizeof text->source);
    if (!err)
        err = copy_fs_string(t, a[2], text->type, sizeof text->type);
    if (!err && !(a[3] & (MOUNT_REMOUNT | MOUNT_BIND)))
        err = copy_fs_string(t, a[4], text->options, sizeof text->options);
    if (!err && !cred_capable(&t->cred, CAP_SYS_ADMIN))
        err = -EPERM;
    if (!err)
        err = mount_new(t, a[1], text, a[3]);
    rt_free(text);
    return err;
}

int64_t sys_umount2(struct task *t, const uint64_t *a)
{
    if (a[1] & ~15ull)
        return -EINVAL;
    return cred_capable(&t->cred, CAP_SYS_ADMIN) ? mount_remove(t, a[0], (uint32_t)a[1]) : -EPERM;
}

int64_t sys_prctl(struct task *t, const uint64_t *a)
{
    char name[16];
    int32_t value;

    switch ((int)a[0]) {
    case PR_SET_NAME:
        memset(name, 0, sizeof name);
        if (copy_in_string(t->mm, name, a[1], sizeof name) == -EFAULT)
            return -EFAULT;
        name[15] = 0;
        memcpy(t->comm, name, sizeof name);
        return 0;
    case PR_GET_NAME:
        return copy_out(t->mm, a[1], t->comm, sizeof t->comm);
    case PR_SET_PDEATHSIG:
        if (a[1] > SIGNALS)
            return -EINVAL;
        t->death_signal = (int)a[1];
        return 0;
    case PR_GET_PDEATHSIG:
        value = t->death_signal;
        return copy_out(t->mm, a[1], &value, sizeof value);
    case PR_SET_DUMPABLE:
        if (a[1] > 1)
            return -EINVAL;
        t->process->dumpable = a[1];
        return 0;
    case PR_GET_DUMPABLE:
        return t->process->dumpable;
    case PR_SET_CHILD_SUBREAPER:
        t->process->subreaper = a[1];
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        value = t->process->subreaper;
        return copy_out(t->mm, a[1], &value, sizeof value);
    case PR_SET_NO_NEW_PRIVS:
        if (a[1] != 1 || a[2] || a[3] || a[4])
            return -EINVAL;
        t->no_new_privs = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return a[1] || a[2] || a[3] || a[4] ? -EINVAL : t->no_new_privs;
    case PR_GET_KEEPCAPS:
        return 0;
    case PR_SET_KEEPCAPS:
        return a[1] == 0 ? 0 : -EPERM;
    case PR_CAPBSET_READ:
        return a[1] > CAP_LAST_CAP ? -EINVAL : (int64_t)(t->cred.cap_bounding >> a[1] & 1);
    case PR_GET_TIMERSLACK:
        return 50000;
    case PR_SET_TIMERSLACK:
        return 0;
    default:
        return -EINVAL;
    }
}
