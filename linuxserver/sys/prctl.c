/*
 * prctl. Source: prctl(2). What is not listed here is EINVAL, as from a Linux without it.
 */
#include "sys.h"

#include "prctl.h"

#include <jg/rt/string.h>

#include <linux/prctl.h>
#include <linux/securebits.h>

static int64_t set_name(struct task *t, uint64_t va)
{
    char name[sizeof t->comm] = {0};
    int64_t n = copy_in_string(t->mm, name, va, sizeof name);

    if (n == -EFAULT)
        return n;
    if (n >= 0)
        memset(name + n, 0, sizeof name - (size_t)n);
    name[sizeof name - 1] = 0;
    mutex_lock(&tasks_lock);
    memcpy(t->comm, name, sizeof name);
    mutex_unlock(&tasks_lock);
    return 0;
}

static int64_t int_out(struct task *t, uint64_t va, int32_t value)
{
    return copy_out(t->mm, va, &value, sizeof value);
}

static int64_t set_death_signal(struct task *t, uint64_t sig)
{
    if (sig > SIGNALS)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    t->death_signal = (int)sig;
    mutex_unlock(&tasks_lock);
    return 0;
}

static int64_t set_dumpable(struct task *t, uint64_t on)
{
    if (on > 1)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    t->process->dumpable = on;
    mutex_unlock(&tasks_lock);
    return 0;
}

static int64_t set_subreaper(struct task *t, bool on)
{
    mutex_lock(&tasks_lock);
    t->process->subreaper = on;
    mutex_unlock(&tasks_lock);
    return 0;
}

static int64_t set_no_new_privs(struct task *t, const uint64_t *a)
{
    if (a[1] != 1 || a[2] || a[3] || a[4])
        return -EINVAL;
    t->no_new_privs = true;
    return 0;
}

int64_t sys_prctl(struct task *t, const uint64_t *a)
{
    switch ((int)a[0]) {
    case PR_SET_NAME:
        return set_name(t, a[1]);
    case PR_GET_NAME:
        return copy_out(t->mm, a[1], t->comm, sizeof t->comm);
    case PR_SET_PDEATHSIG:
        return set_death_signal(t, a[1]);
    case PR_GET_PDEATHSIG:
        return int_out(t, a[1], t->death_signal);
    case PR_SET_DUMPABLE:
        return set_dumpable(t, a[1]);
    case PR_GET_DUMPABLE:
        return t->process->dumpable;
    case PR_SET_CHILD_SUBREAPER:
        return set_subreaper(t, a[1]);
    case PR_GET_CHILD_SUBREAPER:
        return int_out(t, a[1], t->process->subreaper);
    case PR_SET_NO_NEW_PRIVS:
        return set_no_new_privs(t, a);
    case PR_GET_NO_NEW_PRIVS:
        return a[1] || a[2] || a[3] || a[4] ? -EINVAL : t->no_new_privs;
    case PR_GET_KEEPCAPS:
        return !!(t->cred.securebits & SECBIT_KEEP_CAPS);
    case PR_SET_KEEPCAPS:
        return prctl_keep_capabilities(t, a[1]);
    case PR_GET_SECUREBITS:
        return t->cred.securebits;
    case PR_SET_SECUREBITS:
        return prctl_secure_bits(t, a[1]);
    case PR_CAPBSET_READ:
        return prctl_bounding(t, a[1], false);
    case PR_CAPBSET_DROP:
        return prctl_bounding(t, a[1], true);
    case PR_CAP_AMBIENT:
        return a[3] || a[4] ? -EINVAL : prctl_ambient(t, a[1], a[2]);
    case PR_GET_TIMING:
        return PR_TIMING_STATISTICAL;
    case PR_SET_TIMING:
        return a[1] == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
    case PR_GET_TIMERSLACK:
        return (int64_t)t->timer_slack;
    case PR_SET_TIMERSLACK:
        t->timer_slack = (int64_t)a[1] > 0 ? a[1] : TIMER_SLACK_DEFAULT;
        return 0;
    default:
        return -EINVAL;
    }
}
