/*
 * procfs: whose a place is, and who may look into a process.
 */
#include <jg/rt/string.h>

#include <ipc/vfs_client.h>
#include <task.h>

#include "inode.h"
#include "proc_tree.h"

int64_t proc_check_look(const struct task *reader, struct proc_node at)
{
    struct task *t;
    int64_t err;

    mutex_lock(&tasks_lock);
    t = proc_task(at);
    err = !t ? -ENOENT : task_may_look(reader, t, false) ? 0 : -EACCES;
    mutex_unlock(&tasks_lock);
    return err;
}

/*
 * The process's effective user; but root where there is something to see in a process that may not
 * be dumped, or that has nothing any more. Source: proc(5), "/proc/[pid]".
 */
void proc_owner(struct proc_node at, struct vfs_attr *out)
{
    bool open_to_all = proc_entry(at)->kind == DIRECTORY && proc_entry(at)->mode == 0555;
    struct process *p;
    struct task *t;

    if (!at.pid)
        return;
    mutex_lock(&tasks_lock);
    p = proc_process(at);
    t = p ? proc_task(at) : NULL;
    if (t && (open_to_all || p->dumpable)) {
        out->uid = t->cred.euid;
        out->gid = t->cred.egid;
    } else if (p && !t && open_to_all) {
        out->uid = p->uid;
    }
    mutex_unlock(&tasks_lock);
}

static bool in_group(const struct vfs_cred *who, uint32_t gid)
{
    if (who->gid == gid)
        return true;
    for (uint32_t i = 0; i < who->group_count && i < sizeof who->groups / sizeof *who->groups;
         i++) {
        if (who->groups[i] == gid)
            return true;
    }
    return false;
}

static bool in_sys(struct proc_node at)
{
    while (at.entry != ROOT && at.entry != SYS)
        at.entry = proc_entry(at)->parent;
    return at.entry == SYS;
}

/* A descriptor directory is open to the threads of its own process. */
static bool own_descriptors(const struct task *t, struct proc_node at)
{
    return at.entry == FDS && t->process->pid == at.pid;
}

int64_t proc_access(const struct vfs_cred *who, const struct task *t, struct proc_node at,
                    uint32_t how)
{
    uint32_t want = (how & VFS_WALK_READ ? 4 : 0) | (how & VFS_WALK_WRITE ? 2 : 0) |
                    (how & VFS_WALK_EXECUTE ? 1 : 0);
    uint32_t mode = proc_entry(at)->mode, powers = who->powers;
    struct vfs_attr owner;

    if (!proc_exists(at))
        return -ENOENT;
    memset(&owner, 0, sizeof owner);
    proc_owner(at, &owner);
    if (who->uid == owner.uid)
        mode >>= 6;
    else if (in_group(who, owner.gid))
        mode >>= 3;
    if (!(want & ~mode) || own_descriptors(t, at))
        return 0;
    if (in_sys(at))
        return -EACCES; /* here no capability helps */
    if (proc_entry(at)->kind == DIRECTORY && !(want & 2) && (powers & VFS_POWER_DAC_READ_SEARCH))
        return 0;
    if (want == 4 && (powers & VFS_POWER_DAC_READ_SEARCH))
        return 0;
    if ((powers & VFS_POWER_DAC_OVERRIDE) &&
        (proc_entry(at)->kind == DIRECTORY || !(want & 1) || (proc_entry(at)->mode & 0111)))
        return 0;
    return -EACCES;
}
