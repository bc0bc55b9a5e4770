/*
 * Who and whose: process ids, groups, sessions, user and group ids. Capabilities are in caps.c.
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

int64_t sys_vhangup(struct task *t, const uint64_t *a)
{
    (void)a;
    if (!cred_capable(&t->cred, CAP_SYS_TTY_CONFIG))
        return -EPERM;
    tty_hang_up_own(t);
    return 0;
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

static void commit(struct task *t, struct cred *new)
{
    new->fsuid = new->euid;
    new->fsgid = new->egid;
    task_set_cred(t, new);
}

static void commit_uids(struct task *t, uint32_t real, uint32_t effective, uint32_t saved)
{
    struct cred new = t->cred;

    new.uid = real;
    new.euid = effective;
    new.suid = saved;
    cred_fix_capabilities(&new, &t->cred);
    commit(t, &new);
}

static void commit_gids(struct task *t, uint32_t real, uint32_t effective, uint32_t saved)
{
    struct cred new = t->cred;

    new.gid = real;
    new.egid = effective;
    new.sgid = saved;
    commit(t, &new);
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
    const struct cred *c = &t->cred;
    uint32_t r = (uint32_t)a[0], e = (uint32_t)a[1], s = (uint32_t)a[2];

    if (!cred_capable(c, CAP_SETGID) &&
        !(is_one_of(r, c->gid, c->egid, c->sgid) && is_one_of(e, c->gid, c->egid, c->sgid) &&
          is_one_of(s, c->gid, c->egid, c->sgid)))
        return -EPERM;
    commit_gids(t, r == NO_CHANGE ? c->gid : r, e == NO_CHANGE ? c->egid : e,
                s == NO_CHANGE ? c->sgid : s);
    return 0;
}

int64_t sys_setgid(struct task *t, const uint64_t *a)
{
    const struct cred *c = &t->cred;
    uint32_t id = (uint32_t)a[0];

    if (id == NO_CHANGE)
        return -EINVAL;
    if (cred_capable(c, CAP_SETGID))
        commit_gids(t, id, id, id);
    else if (id == c->gid || id == c->sgid)
        commit_gids(t, c->gid, id, c->sgid);
    else
        return -EPERM;
    return 0;
}

int64_t sys_setregid(struct task *t, const uint64_t *a)
{
    const struct cred *c = &t->cred;
    uint32_t r = (uint32_t)a[0], e = (uint32_t)a[1], effective = e == NO_CHANGE ? c->egid : e;
    bool moves_saved;

    if (!cred_capable(c, CAP_SETGID) &&
        (!is_one_of(r, c->gid, c->egid, c->gid) || !is_one_of(e, c->gid, c->egid, c->sgid)))
        return -EPERM;
    moves_saved = r != NO_CHANGE || (e != NO_CHANGE && e != c->gid);
    commit_gids(t, r == NO_CHANGE ? c->gid : r, effective, moves_saved ? effective : c->sgid);
    return 0;
}

int64_t sys_setfsuid(struct task *t, const uint64_t *a)
{
    struct cred new = t->cred;
    uint32_t id = (uint32_t)a[0], old = new.fsuid;

    if (id != NO_CHANGE && (cred_capable(&new, CAP_SETUID) || id == old ||
                            is_one_of(id, new.uid, new.euid, new.suid))) {
        new.fsuid = id;
        cred_fix_fs_capabilities(&new, &t->cred);
        task_set_cred(t, &new);
    }
    return old;
}

int64_t sys_setfsgid(struct task *t, const uint64_t *a)
{
    struct cred new = t->cred;
    uint32_t id = (uint32_t)a[0], old = new.fsgid;

    if (id != NO_CHANGE && (cred_capable(&new, CAP_SETGID) || id == old ||
                            is_one_of(id, new.gid, new.egid, new.sgid))) {
        new.fsgid = id;
        task_set_cred(t, &new);
    }
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
    struct cred new = t->cred;
    uint32_t count = (uint32_t)a[0];

    if (!cred_capable(&new, CAP_SETGID))
        return -EPERM;
    if (count > GROUPS_LIMIT)
        return -EINVAL;
    if (copy_in(t->mm, new.groups, a[1], count * sizeof *new.groups))
        return -EFAULT;
    for (uint32_t i = 0; i < count; i++)
        if (new.groups[i] == NO_CHANGE)
            return -EINVAL;
    new.group_count = count;
    task_set_cred(t, &new);
    return 0;
}
