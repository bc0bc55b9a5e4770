/*
 * The tables of answers that the kernel holds for each task.
 *
 * In:    answers_install() when a task becomes visible; answers_own() and answers_parent() when an id changes.
 * Locks: see answers.h. The kernel call neither blocks nor waits, so it may be made under tasks_lock; a thread that
 *        runs sees the old value up to the call and the new one from then on.
 */
#include "answers.h"

#include <server.h>
#include <task.h>

enum value { PID, TID, PPID, UID, EUID, GID, EGID };

static void ids(const struct task *t, int64_t *value)
{
    const struct process *parent = t->process->parent;

    value[PID] = t->process->pid;
    value[TID] = t->tid;
    value[PPID] = parent ? parent->pid : 0;
    value[UID] = t->cred.uid;
    value[EUID] = t->cred.euid;
    value[GID] = t->cred.gid;
    value[EGID] = t->cred.egid;
}

static void install(struct task *t, uint64_t beyond_from)
{
    struct jg_answers table = {
        .mask = UINT32_MAX, /* Linux looks at eax only */
        .beyond_from = beyond_from,
        .beyond = -ENOSYS,
        .count = __NR_gettid + 1,
        .which = {
            [__NR_getpid] = PID + 1,
            [__NR_gettid] = TID + 1,
            [__NR_getppid] = PPID + 1,
            [__NR_getuid] = UID + 1,
            [__NR_geteuid] = EUID + 1,
            [__NR_getgid] = GID + 1,
            [__NR_getegid] = EGID + 1,
        },
    };

    ids(t, table.value);
    jg_thread_set_answers(t->thread, JG_ENTRY_SYSCALL, &table);
}

void answers_install(struct task *t)
{
    install(t, JG_ANSWERS_NO_BEYOND);
}

void answers_own(struct task *t)
{
    int64_t value[JG_ANSWERS_VALUES];

    ids(t, value);
    for (uint32_t i = TID; i <= EGID; i++)
        if (i != PPID) /* guarded by tasks_lock */
            jg_thread_set_answer(t->thread, JG_ENTRY_SYSCALL, i, value[i]);
}

void answers_parent(struct process *p)
{
    LIST_FOR_EACH(at, &p->tasks)
    {
        struct task *t = LIST_ENTRY(at, struct task, link);

        jg_thread_set_answer(t->thread, JG_ENTRY_SYSCALL, PPID, p->parent->pid);
    }
}

void answers_beyond(struct task *t)
{
    if (t->answers_beyond)
        return;
    t->answers_beyond = true;
    mutex_lock(&tasks_lock); /* the parent must not change between reading it and telling it */
    install(t, SYSCALL_NUMBERS);
    mutex_unlock(&tasks_lock);
}

unsigned long answers_beyond_count(const struct task *t)
{
    struct jg_info_answers info;

    if (!t->answers_beyond ||
        jg_object_info(t->thread, JG_INFO_ANSWERS, &info, sizeof info) < 0)
        return 0;
    return info.beyond[JG_ENTRY_SYSCALL];
}
