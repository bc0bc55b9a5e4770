/*
 * execve: the new image is built first, so that it can fail cleanly; then siblings go, and
 * everything is swapped.
 */
#include "exec.h"
#include "answers.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <fs/inode.h>
#include <fs/open.h>
#include <fs/path.h>
#include <ipc/vfs_client.h>
#include <linux/personality.h>
#include <linux/signal.h>
#include <mm.h>
#include <signal.h>

#include "posix_timer.h"
#include "rlimit.h"

#define SCRIPT_DEPTH 6 /* five scripts, then a program */
#define ST_NOSUID    2 /* statfs(2), f_flags; not in the exported headers */

int64_t exec_open(struct walk *w, bool follow, struct file **out)
{
    struct inode *inode;
    int64_t err = path_open(w, VFS_WALK_EXECUTE | (follow ? 0 : VFS_WALK_NOFOLLOW), 0, &inode);

    if (err)
        return err;
    if (w->in_proc) {
        /* /proc/self/exe as a program: proc_open gives the file behind the link. */
        err = w->proc_missing ? -ENOENT : proc_open(w->task, w->proc, O_RDONLY, out);
        if (!err && (!(*out)->inode || inode_in_proc((*out)->inode) ||
                     !mode_is((*out)->inode->mode, S_IFREG))) {
            file_put(*out);
            err = -EACCES;
        }
        return err;
    }
    if (!mode_is(inode->mode, S_IFREG))
        err = mode_is(inode->mode, S_IFLNK) ? -ELOOP : -EACCES;
    else if (__atomic_load_n(&inode->backing.writers, __ATOMIC_SEQ_CST) > 0)
        err = -ETXTBSY;
    else
        err = file_open_inode(w->task, inode, O_RDONLY, out);
    if (err)
        inode_put(inode);
    return err;
}

/* Does any process besides t's own use its root, working folder and umask? */
static bool fs_shared(struct task *t)
{
    uint32_t ours = 0;

    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &t->process->tasks)
    ours += LIST_ENTRY(it, struct task, link)->fs == t->fs;
    mutex_unlock(&tasks_lock);
    return __atomic_load_n(&t->fs->refs, __ATOMIC_SEQ_CST) > ours;
}

/* Who the program will be. */
struct identity {
    struct cred cred;
    bool secure;   /* it must not trust its environment */
    bool readable; /* the caller may read its file, so others may see its memory */
};

static bool may_read(const struct cred *c, const struct vfs_attr *attr)
{
    unsigned shift = c->fsuid == attr->uid ? 6 : cred_in_group(c, attr->gid) ? 3 : 0;

    return (attr->mode >> shift & 4) || cred_capable(c, CAP_DAC_OVERRIDE) ||
           cred_capable(c, CAP_DAC_READ_SEARCH);
}

static int64_t new_identity(struct task *t, struct file *f, struct identity *new)
{
    struct cred_file file = {.unprivileged = t->no_new_privs};
    struct vfs_fs_info fs = {0};
    struct vfs_attr attr;
    int64_t err = f->ops->stat(f, &attr);

    new->cred = t->cred;
    if (!err && (attr.mode & (S_ISUID | S_ISGID)))
        err = vfs_errno(vfs_statfs(f->inode->session, f->inode->node, &fs));
    if (err)
        return err;
    if (!(fs.mount_flags & ST_NOSUID)) {
        file.set_uid = attr.mode & S_ISUID;
        file.set_gid = (attr.mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
        file.uid = attr.uid;
        file.gid = attr.gid;
    }
    file.shared = (file.set_uid || file.set_gid) && fs_shared(t);
    new->readable = may_read(&t->cred, &attr);
    new->secure = cred_exec(&new->cred, &file);
    return 0;
}

/* What was shared with others through clone becomes our own. */
static int64_t unshare(struct task *t, struct files **files, struct sighand **sighand)
{
    *files = files_own(t->files);
    *sighand = sighand_clone(t->sighand);
    if (*files && *sighand)
        return 0;
    if (*files)
        files_put(*files);
    sighand_put(*sighand);
    return -ENOMEM;
}

static void set_name(struct task *t, const char *path)
{
    const char *slash = strrchr(path, '/');

    path = slash ? slash + 1 : path;
    memset(t->comm, 0, sizeof t->comm);
    memcpy(t->comm, path, strnlen(path, sizeof t->comm - 1));
}

/* Fresh registers: neither can fail, as elf_load() checked the addresses. */
static void start_state(struct task *t, const struct image *image)
{
    struct jg_regs regs = {.rip = image->entry,
                           .rsp = image->stack_pointer,
                           .rflags = 0x202,
                           .entry_rax = (uint64_t)-1};

    jg_thread_write_state(t->thread, JG_STATE_REGS, &regs, sizeof regs);
    jg_thread_write_state(t->thread, JG_STATE_VECTOR, NULL, 0);
}

/* Point of no return: only stores and releases from here. */
static void commit(struct task *t, struct image *image, const struct identity *new,
                   struct files *files, struct sighand *sighand, const char *path)
{
    const struct cred *cred = &new->cred;
    struct files *old_files = t->files;
    struct sighand *old_sighand = t->sighand;
    struct mm *old_mm = t->mm;
    struct process *p = t->process;
    struct mm_usage usage;
    bool new_ids = cred->euid != t->cred.euid || cred->egid != t->cred.egid;

    task_release_words(t, false);
    mm_usage(old_mm, &usage);
    jg_process_set_aspace(p->handle, image->mm->aspace);
    mutex_lock(&tasks_lock);
    t->mm = image->mm;
    t->files = files;
    sighand_reset(sighand);
    t->sighand = sighand;
    if (new->secure || cred_differs(cred, &t->cred))
        t->death_signal = 0;
    if (new->secure)
        t->personality &= ~PER_CLEAR_ON_SETID;
    p->dumpable = cred->euid == cred->uid && cred->egid == cred->gid && new->readable;
    t->cred = *cred;
    if (new_ids)
        answers_own(t);
    t->altstack.base = t->altstack.size = 0;
    t->restart = NULL;
    set_name(t, path);
    p->execed = true;
    p->exit_signal = SIGCHLD;
    posix_timers_delete(p);
    pending_flush_timers(&p->shared);
    pending_flush_timers(&t->pending);
    if (usage.resident_peak > p->max_rss)
        p->max_rss = usage.resident_peak;
    signal_update(t);
    mutex_unlock(&tasks_lock);
    task_vfork_release(t);
    files_put(old_files);
    sighand_put(old_sighand);
    mm_put(old_mm);
    files_close_on_exec(t);
    start_state(t, image);
}

/* Did set*uid go over RLIMIT_NPROC, and is it still so? */
static bool too_many_tasks(struct task *t)
{
    bool still;

    if (!t->too_many_tasks)
        return false;
    mutex_lock(&tasks_lock);
    still = rlimit_tasks(t->cred.uid) > t->process->limits.limit[RLIMIT_NPROC].rlim_cur;
    mutex_unlock(&tasks_lock);
    t->too_many_tasks = still;
    return still;
}

int task_exec(struct task *t, struct exec_request *request)
{
    struct image image = {0};
    struct files *files;
    struct sighand *sighand;
    struct identity new;
    int64_t err = too_many_tasks(t) ? -EAGAIN : 1;

    for (int depth = 0; err == 1; depth++) {
        err = depth < SCRIPT_DEPTH ? script_apply(t, request) : -ELOOP;
    }
    if (!err)
        err = new_identity(t, request->file, &new);
    if (!err)
        err = elf_load(t, request, &new.cred, new.secure, &image);
    if (err)
        return (int)err;
    err = task_remove_siblings(t);
    if (err) {
        mm_put(image.mm);
        return (int)err;
    }
    /*
     * The siblings are gone: now only other processes can share anything with us, and there is no
     * way back.
     */
    err = unshare(t, &files, &sighand);
    if (err) {
        mm_put(image.mm);
        mutex_lock(&tasks_lock);
        process_group_exit(t->process, SIGKILL);
        mutex_unlock(&tasks_lock);
        return (int)err;
    }
    commit(t, &image, &new, files, sighand, request->path);
    return 0;
}
