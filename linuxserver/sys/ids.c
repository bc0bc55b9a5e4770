/*
 * Who and whose: process ids, groups, sessions, user ids, capabilities.
 */
#include "sys.h"

#include <jg/rt/string.h>

#include <fs/tty.h>
#include <signal.h>

int64_t sys_getpid(struct task *t, const uint64_t *a)
{
    (void)a;
    return t->process->pid;
}

int64_t sys_gettid(struct task *t, const uint64_t *a)
{
    (void)a;
    return t->tid;
}

int64_t sys_getppid(struct task *t, const uint64_t *a)
{
    int64_t pid;

    (void)a;
    mutex_lock(&tasks_lock);
    pid = t->process->parent ? t->process->parent->pid : 0;
    mutex_unlock(&tasks_lock);
    return pid;
}

int64_t sys_getpgrp(struct task *t, const uint64_t *a)
{
    (void)a;
    return t->process->pgid;
}

static int64_t id_of(struct task *t, int pid, bool session)
{
    struct process *p;
    int64_t id = -ESRCH;

    mutex_lock(&tasks_lock);
    p = pid ? process_find(pid) : t->process;
    if (p)
        id = session ? p->sid : p->pgid;
    mutex_unlock(&tasks_lock);
    return id;
}

int64_t sys_getpgid(struct task *t, const uint64_t *a)
{
    return id_of(t, (int)a[0], false);
}

int64_t sys_getsid(struct task *t, const uint64_t *a)
{
    return id_of(t, (int)a[0], true);
}

/* Source: setpgid(2). tasks_lock is held. */
static int64_t set_group(struct task *t, struct process *p, int pgid)
{
    struct process *me = t->process;

    if (!p || (p != me && p->parent != me))
        return -ESRCH;
    if (p != me && p->sid != me->sid)
        return -EPERM;
    if (p != me && p->execed)
        return -EACCES;
    if (p->sid == p->pid)
        return -EPERM;
    if (pgid != p->pid && !process_group_exists(pgid, me->sid))
        return -EPERM;
    p->pgid = pgid;
    return 0;
}

int64_t sys_setpgid(struct task *t, const uint64_t *a)
{
    int pid = (int)a[0], pgid = (int)a[1];
    struct process *p;
    int64_t err;

    if (pgid < 0)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    p = pid ? process_find(pid) : t->process;
    err = set_group(t, p, pgid ? pgid : p ? p->pid : 0);
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t sys_setsid(struct task *t, const uint64_t *a)
{
    struct process *p = t->process;
    int64_t r = -EPERM;
    bool leader = false;

    (void)a;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    leader |= LIST_ENTRY(it, struct process, link)->pgid == p->pid;
    if (!leader) {
        p->sid = p->pgid = p->pid;
        p->tty = -1;
        r = p->pid;
    }
    mutex_unlock(&tasks_lock);
    return r;
}

int64_t sys_getuid(struct task *t, const uint64_t *a)
{
    (void)a;
    return t->cred.uid;
}

int64_t sys_geteuid(struct task *t, const uint64_t *a)
{
    (void)a;
    return t->cred.euid;
}

int64_t sys_getgid(struct task *t, const uint64_t *a)
{
    (void)a;
    return t->cred.gid;
}

int64_t sys_getegid(struct task *t, const uint64_t *a)
{
    (void)a;
    return t->cred.egid;
}

static int64_t three_out(struct task *t, const uint64_t *a, uint32_t x, uint32_t y, uint32_t z)
{
    if (copy_out(t->mm, a[0], &x, 4) || copy_out(t->mm, a[1], &y, 4) ||
        copy_out(t->mm, a[2], &z, 4))
        return -EFAULT;
    return 0;
}

int64_t sys_getresuid(struct task *t, const uint64_t *a)
{
    return three_out(t, a, t->cred.uid, t->cred.euid, t->cred.suid);
}

int64_t sys_getresgid(struct task *t, const uint64_t *a)
{
    return three_out(t, a, t->cred.gid, t->cred.egid, t->cred.sgid);
}

#define NO_CHANGE UINT32_MAX

static void commit_uids(struct task *t, uint32_t real, uint32_t effective, uint32_t saved)
{
    struct cred before = t->cred;

    mutex_lock(&tasks_lock);
    t->cred.uid = real;
    t->cred.euid = t->cred.fsuid = effective;
    t->cred.suid = saved;
    cred_fix_capabilities(&t->cred, &before);
    if (before.euid != effective)
        t->process->dumpable = false;
    mutex_unlock(&tasks_lock);
}

static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
    return id == NO_CHANGE || id == a || id == b || id == c;
}

int64_t sys_setresuid(struct task *t, const uint64_t *a)
{
    const struct cred *c = &t->cred;
    uint32_t r = (uint32_t)a[0], e = (uint32_t)a[1], s = (uint32_t)a[2];

    if (!cred_capable(c, CAP_SETUID) &&
        !(is_one_of(r, c->uid, c->euid, c->suid) && is_one_of(e, c->uid, c->euid, c->suid) &&
          is_one_of(s, c->uid, c->euid, c->suid)))
        return -EPERM;
    commit_uids(t, r == NO_CHANGE ? c->uid : r, e == NO_CHANGE ? c->euid : e,
                s == NO_CHANGE ? c->suid : s);
    return 0;
}

int64_t sys_setuid(struct task *t, const uint64_t *a)
{
    const struct cred *c = &t->cred;
    uint32_t id = (uint32_t)a[0];

    if (id == NO_CHANGE)
        return -EINVAL;
    if (cred_capable(c, CAP_SETUID))
        commit_uids(t, id, id, id);
    else if (id == c->uid || id == c->suid)
        commit_uids(t, c->uid, id, c->suid);
    else
        return -EPERM;
    return 0;
}

int64_t sys_setreuid(struct task *t, const uint64_t *a)
{
    const struct cred *c = &t->cred;
    uint32_t r = (uint32_t)a[0], e = (uint32_t)a[1], effective = e == NO_CHANGE ? c->euid : e;
    bool moves_saved;

    if (!cred_capable(c, CAP_SETUID) &&
        (!is_one_of(r, c->uid, c->euid, c->uid) || !is_one_of(e, c->uid, c->euid, c->suid)))
        return -EPERM;
    moves_saved = r != NO_CHANGE || (e != NO_CHANGE && e != c->uid);
    commit_uids(t, r == NO_CHANGE ? c->uid : r, effective, moves_saved ? effective : c->suid);
    return 0;
}

int64_t sys_setresgid(struct task *t, const uint64_t *a)
{
    struct cred *c = &t->cred;
    uint32_t r = (uint32_t)a[0], e = (uint32_t)a[1], s = (uint32_t)a[2];

    if (!cred_capable(c, CAP_SETGID) &&
        !(is_one_of(r, c->gid, c->egid, c->sgid) && is_one_of(e, c->gid, c->egid, c->sgid) &&
          is_one_of(s, c->gid, c->egid, c->sgid)))
        return -EPERM;
    c->gid = r == NO_CHANGE ? c->gid : r;
    c->egid = c->fsgid = e == NO_CHANGE ? c->egid : e;
    c->sgid = s == NO_CHANGE ? c->sgid : s;
    return 0;
}

int64_t sys_setgid(struct task *t, const uint64_t *a)
{
    struct cred *c = &t->cred;
    uint32_t id = (uint32_t)a[0];

    if (id == NO_CHANGE)
        return -EINVAL;
    if (cred_capable(c, CAP_SETGID))
        c->gid = c->sgid = id;
    else if (id != c->gid && id != c->sgid)
        return -EPERM;
    c->egid = c->fsgid = id;
    return 0;
}

int64_t sys_setregid(struct task *t, const uint64_t *a)
{
    struct cred *c = &t->cred;
    uint32_t r = (uint32_t)a[0], e = (uint32_t)a[1], old = c->gid;

    if (!cred_capable(c, CAP_SETGID) &&
        (!is_one_of(r, c->gid, c->egid, c->gid) || !is_one_of(e, c->gid, c->egid, c->sgid)))
        return -EPERM;
    if (r != NO_CHANGE)
        c->gid = r;
    if (e != NO_CHANGE)
        c->egid = e;
    if (r != NO_CHANGE || (e != NO_CHANGE && e != old))
        c->sgid = c->egid;
    c->fsgid = c->egid;
    return 0;
}

int64_t sys_setfsuid(struct task *t, const uint64_t *a)
{
    struct cred *c = &t->cred, before = *c;
    uint32_t id = (uint32_t)a[0];

    if (cred_capable(c, CAP_SETUID) ||
        (id != NO_CHANGE && (is_one_of(id, c->uid, c->euid, c->suid) || id == c->fsuid))) {
        if (id != NO_CHANGE)
            c->fsuid = id;
        cred_fix_capabilities(c, &before);
    }
    return before.fsuid;
}

int64_t sys_setfsgid(struct task *t, const uint64_t *a)
{
    struct cred *c = &t->cred;
    uint32_t id = (uint32_t)a[0], old = c->fsgid;

    if (id != NO_CHANGE &&
        (cred_capable(c, CAP_SETGID) || is_one_of(id, c->gid, c->egid, c->sgid) || id == old))
        c->fsgid = id;
    return old;
}

int64_t sys_getgroups(struct task *t, const uint64_t *a)
{
    const struct cred *c = &t->cred;
    int size = (int)a[0];

    if (size < 0 || (size && (uint32_t)size < c->group_count))
        return -EINVAL;
    if (size && copy_out(t->mm, a[1], c->groups, c->group_count * 4))
        return -EFAULT;
    return c->group_count;
}

int64_t sys_setgroups(struct task *t, const uint64_t *a)
{
    struct cred *c = &t->cred;
    uint32_t groups[GROUPS_LIMIT];

    if (!cred_capable(c, CAP_SETGID))
        return -EPERM;
    if (a[0] > GROUPS_LIMIT)
        return -EINVAL;
    if (copy_in(t->mm, groups, a[1], a[0] * 4))
        return -EFAULT;
    memcpy(c->groups, groups, a[0] * 4);
    c->group_count = (uint32_t)a[0];
    return 0;
}

/* capget and capset, version 3 (two 32-bit halves) and 1 (one). */
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
    struct cred *c = &t->cred;
    int64_t err = cap_header(t, a[0], &version, &pid);

    if (err)
        return err;
    if (pid && pid != t->tid)
        return -EPERM;
    if (copy_in(t->mm, in, a[1], version == _LINUX_CAPABILITY_VERSION_1 ? 12 : 24))
        return -EFAULT;
    e = in[0] | (uint64_t)in[3] << 32;
    p = in[1] | (uint64_t)in[4] << 32;
    i = in[2] | (uint64_t)in[5] << 32;
    if ((p & ~c->cap_permitted) || (e & ~p) || (i & ~(c->cap_inheritable | c->cap_permitted)))
        return -EPERM;
    c->cap_effective = e;
    c->cap_permitted = p;
    c->cap_inheritable = i;
    return 0;
}
