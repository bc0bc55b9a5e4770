/*
 * execve: the new image is built first, so that it can fail cleanly; then siblings go, and
 * everything is swapped.
 */
#include "exec.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <fs/inode.h>
#include <fs/open.h>
#include <fs/path.h>
#include <linux/signal.h>
#include <mm.h>
#include <signal.h>
#include <sync/timer.h>

#define SCRIPT_DEPTH 6 /* five scripts, then a program */

int64_t exec_open(struct walk *w, struct file **out)
{
    struct vfs_attr found;
    struct inode *inode;
    int64_t err = path_open(w, VFS_WALK_EXECUTE, 0, &found);

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
    inode = inode_of(w->session, &found);
    if (!inode)
        return -ENOMEM;
    if (!mode_is(inode->mode, S_IFREG))
        err = -EACCES;
    else if (__atomic_load_n(&inode->backing.writers, __ATOMIC_SEQ_CST) > 0)
        err = -ETXTBSY;
    else
        err = file_open_inode(w->task, inode, O_RDONLY, out);
    if (err)
        inode_put(inode);
    return err;
}

/* Set-id bits. *secure tells the program not to trust its environment. */
static int64_t new_cred(struct task *t, struct file *f, struct cred *cred, bool *secure)
{
    struct vfs_attr attr;
    int64_t err = f->ops->stat(f, &attr);

    *cred = t->cred;
    *secure = false;
    if (err)
        return err;
    if (!t->no_new_privs) {
        if (attr.mode & S_ISUID)
            cred->euid = attr.uid;
        if ((attr.mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
            cred->egid = attr.gid;
    }
    cred->suid = cred->fsuid = cred->euid;
    cred->sgid = cred->fsgid = cred->egid;
    if (!cred->uid || !cred->euid)
        cred->cap_permitted = cred->cap_bounding;
    else if (cred->uid && cred->euid)
        cred->cap_permitted = 0;
    cred->cap_effective = cred->euid ? 0 : cred->cap_permitted;
    *secure = cred->euid != cred->uid || cred->egid != cred->gid;
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

static void start_state(struct task *t, const struct image *image)
{
    struct jg_regs regs = {.rip = image->entry,
                           .rsp = image->stack_pointer,
                           .rflags = 0x202,
                           .entry_rax = (uint64_t)-1};
    struct jg_info_system info;
    uint8_t *area;

    jg_thread_write_state(t->thread, JG_STATE_REGS, &regs, sizeof regs);
    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return;
    area = rt_zalloc(info.vector_size);
    if (!area)
        return;
    area[0] = 0x7f, area[1] = 0x03;    /* FCW */
    *(uint32_t *)(area + 24) = 0x1f80; /* MXCSR */
    jg_thread_write_state(t->thread, JG_STATE_VECTOR, area, info.vector_size);
    rt_free(area);
}

/* Point of no return: only stores and releases from here. */
static void commit(struct task *t, struct image *image, const struct cred *cred,
                   struct files *files, struct sighand *sighand, const char *path)
{
    struct files *old_files = t->files;
    struct sighand *old_sighand = t->sighand;
    struct mm *old_mm = t->mm;
    struct process *p = t->process;

    task_release_words(t);
    jg_process_set_aspace(p->handle, image->mm->aspace);
    mutex_lock(&tasks_lock);
    t->mm = image->mm;
    t->files = files;
    sighand_reset(sighand);
    t->sighand = sighand;
    t->death_signal = cred->euid != t->cred.euid ? 0 : t->death_signal;
    t->cred = *cred;
    t->altstack = (struct altstack){0};
    t->restart = NULL;
    set_name(t, path);
    p->execed = true;
    p->exit_signal = SIGCHLD;
    p->dumpable = cred->euid == cred->uid;
    timers_exec(p);
    signal_update(t);
    mutex_unlock(&tasks_lock);
    task_vfork_release(t);
    files_put(old_files);
    sighand_put(old_sighand);
    mm_put(old_mm);
    files_close_on_exec(t);
    start_state(t, image);
}

int task_exec(struct task *t, struct exec_request *request)
{
    struct image image = {0};
    struct files *files;
    struct sighand *sighand;
    struct cred cred;
    bool secure;
    int64_t err = 1;

    for (int depth = 0; err == 1; depth++) {
        err = depth < SCRIPT_DEPTH ? script_apply(t, request) : -ELOOP;
    }
    if (!err)
        err = new_cred(t, request->file, &cred, &secure);
    if (!err)
        err = elf_load(t, request, &cred, secure, &image);
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
    commit(t, &image, &cred, files, sighand, request->path);
    return 0;
}
