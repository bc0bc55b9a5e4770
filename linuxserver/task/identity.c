/*
 * Who a task is, as others are concerned: changes of ids, and who may look at whom. Source:
 * credentials(7), ptrace(2).
 */
#include "answers.h"
#include "rlimit.h"

#include <linux.h>

void task_set_cred(struct task *t, const struct cred *new)
{
    struct process *p = t->process;
    uint64_t limit = p->limits.limit[RLIMIT_NPROC].rlim_cur;

    mutex_lock(&tasks_lock);
    if (new->uid != t->cred.uid)
        t->too_many_tasks = limit != RLIM64_INFINITY && new->uid &&rlimit_tasks(new->uid) > limit;
    if (cred_differs(new, &t->cred)) {
        p->dumpable = false;
        t->death_signal = 0;
    }
    t->cred = *new;
    answers_own(t);
    mutex_unlock(&tasks_lock);
}

bool task_may_look(const struct task *looker, const struct task *t, bool real_ids)
{
    const struct cred *r = &looker->cred, *c = &t->cred;
    uint32_t uid = real_ids ? r->uid : r->fsuid, gid = real_ids ? r->gid : r->fsgid;

    if (looker->process == t->process || cred_capable(r, CAP_SYS_PTRACE))
        return true;
    return t->process->dumpable && uid == c->uid && uid == c->euid && uid == c->suid &&
           gid == c->gid && gid == c->egid && gid == c->sgid &&
           !(c->cap_permitted & ~r->cap_permitted);
}
