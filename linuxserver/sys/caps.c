/*
 * Capabilities: capget, capset, and prctl's part of them. Source: capabilities(7).
 */
#include "sys.h"

#include "prctl.h"

#include <jg/rt/string.h>

#include <linux/prctl.h>
#include <linux/securebits.h>

/* Version 3 and 2 carry two 32-bit halves, version 1 one. */
static int64_t cap_header(struct task *t, uint64_t va, uint32_t *version, int32_t *pid)
{
    uint32_t head[2], latest = _LINUX_CAPABILITY_VERSION_3;

    if (copy_in(t->mm, head, va, sizeof head))
        return -EFAULT;
    *version = head[0];
    *pid = (int32_t)head[1];
    if (head[0] == _LINUX_CAPABILITY_VERSION_1 || head[0] == _LINUX_CAPABILITY_VERSION_2 ||
        head[0] == latest)
        return 0;
    return copy_out(t->mm, va, &latest, 4) ? -EFAULT : -EINVAL;
}

int64_t sys_capget(struct task *t, const uint64_t *a)
{
    uint32_t version, out[6];
    int32_t pid;
    struct task *other;
    struct cred c;
    int64_t err = cap_header(t, a[0], &version, &pid);

    if (err)
        return err == -EINVAL && !a[1] ? 0 : err;
    if (pid < 0)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    other = pid ? task_find(pid) : t;
    if (other)
        c = other->cred;
    mutex_unlock(&tasks_lock);
    if (!other)
        return -ESRCH;
    if (!a[1])
        return 0;
    for (int half = 0; half < 2; half++) {
        out[half * 3] = (uint32_t)(c.cap_effective >> 32 * half);
        out[half * 3 + 1] = (uint32_t)(c.cap_permitted >> 32 * half);
        out[half * 3 + 2] = (uint32_t)(c.cap_inheritable >> 32 * half);
    }
    return copy_out(t->mm, a[1], out, version == _LINUX_CAPABILITY_VERSION_1 ? 12 : 24);
}

int64_t sys_capset(struct task *t, const uint64_t *a)
{
    uint32_t version, in[6] = {0};
    int32_t pid;
    uint64_t e, p, i;
    struct cred c = t->cred;
    int64_t err = cap_header(t, a[0], &version, &pid);

    if (err)
        return err;
    if (pid && pid != t->tid)
        return -EPERM;
    if (copy_in(t->mm, in, a[1], version == _LINUX_CAPABILITY_VERSION_1 ? 12 : 24))
        return -EFAULT;
    e = (in[0] | (uint64_t)in[3] << 32) & CAP_ALL;
    p = (in[1] | (uint64_t)in[4] << 32) & CAP_ALL;
    i = (in[2] | (uint64_t)in[5] << 32) & CAP_ALL;
    if (!cred_capable(&c, CAP_SETPCAP) && (i & ~(c.cap_inheritable | c.cap_permitted)))
        return -EPERM;
    if ((i & ~(c.cap_inheritable | c.cap_bounding)) || (p & ~c.cap_permitted) || (e & ~p))
        return -EPERM;
    c.cap_effective = e;
    c.cap_permitted = p;
    c.cap_inheritable = i;
    c.cap_ambient &= p & i;
    task_set_cred(t, &c);
    return 0;
}

int64_t prctl_bounding(struct task *t, uint64_t cap, bool drop)
{
    struct cred c = t->cred;

    if (drop && !cred_capable(&c, CAP_SETPCAP))
        return -EPERM;
    if (cap > CAP_LAST_CAP)
        return -EINVAL;
    if (!drop)
        return (int64_t)(c.cap_bounding >> cap & 1);
    c.cap_bounding &= ~(1ull << cap);
    task_set_cred(t, &c);
    return 0;
}

int64_t prctl_ambient(struct task *t, uint64_t op, uint64_t cap)
{
    struct cred c = t->cred;

    if (op == PR_CAP_AMBIENT_CLEAR_ALL) {
        if (cap)
            return -EINVAL;
        c.cap_ambient = 0;
        task_set_cred(t, &c);
        return 0;
    }
    if (cap > CAP_LAST_CAP)
        return -EINVAL;
    switch (op) {
    case PR_CAP_AMBIENT_IS_SET:
        return (int64_t)(c.cap_ambient >> cap & 1);
    case PR_CAP_AMBIENT_RAISE:
        if (!(c.cap_permitted & c.cap_inheritable & 1ull << cap) ||
            (c.securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
            return -EPERM;
        c.cap_ambient |= 1ull << cap;
        break;
    case PR_CAP_AMBIENT_LOWER:
        c.cap_ambient &= ~(1ull << cap);
        break;
    default:
        return -EINVAL;
    }
    task_set_cred(t, &c);
    return 0;
}

int64_t prctl_keep_capabilities(struct task *t, uint64_t keep)
{
    struct cred c = t->cred;

    if (keep > 1)
        return -EINVAL;
    if (c.securebits & SECBIT_KEEP_CAPS_LOCKED)
        return -EPERM;
    c.securebits = (c.securebits & ~(uint32_t)SECBIT_KEEP_CAPS) | (keep ? SECBIT_KEEP_CAPS : 0);
    task_set_cred(t, &c);
    return 0;
}

int64_t prctl_secure_bits(struct task *t, uint64_t bits)
{
    struct cred c = t->cred;
    uint32_t locks = c.securebits & SECURE_ALL_LOCKS;

    if (((locks >> 1) & (c.securebits ^ bits)) || (locks & ~bits) ||
        (bits & ~(uint64_t)(SECURE_ALL_LOCKS | SECURE_ALL_BITS)) || !cred_capable(&c, CAP_SETPCAP))
        return -EPERM;
    c.securebits = (uint32_t)bits;
    task_set_cred(t, &c);
    return 0;
}
