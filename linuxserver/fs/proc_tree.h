/*
 * The tree of procfs: its table, and steps in it. Shared by the files fs/proc_*.c; others use
 * proc.h.
 */
#pragma once

#include "proc.h"
#include "proc_text.h"

enum proc_kind {
    DIRECTORY, /* its entries are those that name it as parent */
    TEXT,
    SYMLINK, /* to a text, see link_text() */
    MAGIC,   /* to a file: exe, cwd, root, fd/N */
    LOOKED,  /* TEXT that only who may look into the process may open */
};

/* Entries that the code names; the table holds more. */
enum {
    ROOT,
    PID,
    TASKS,
    TID,
    FDS,
    FD,
    FDINFOS,
    FDINFO,
    SYS,
    SYS_KERNEL,
    SYS_KERNEL_RANDOM,
    SYS_KERNEL_PTY,
    SYS_VM,
    SYS_FS,
    SYS_FS_MQUEUE,
    SYS_FS_EPOLL,
    SYSVIPC,
    CHILDREN,
    NAMED,
};

struct proc_entry {
    const char *name; /* NULL: a number */
    uint16_t parent;
    uint16_t kind;
    uint32_t mode;
    proc_text text;
    proc_write write; /* NULL: nothing can be written */
};

/* The table's line of a place, or of an index below proc_entry_count. */
const struct proc_entry *proc_entry(struct proc_node at);
const struct proc_entry *proc_entry_at(unsigned index);
extern const unsigned proc_entry_count;

/* Is entry `index` shown in directory `parent`? What threads have is shown for processes too. */
bool proc_is_child(unsigned index, uint16_t parent);

/* Does the process (and the thread) of a place still exist? Takes tasks_lock. */
bool proc_exists(struct proc_node at);

/*
 * May `reader` see what a process has in hand: its memory, descriptors, directories? 0, -EACCES, or
 * -ENOENT: it has gone, or has nothing left (a zombie). Takes tasks_lock.
 */
int64_t proc_check_look(const struct task *reader, struct proc_node at);

/* Who owns a place: `out` gets uid and gid. Takes tasks_lock. */
void proc_owner(struct proc_node at, struct vfs_attr *out);

/* The open file of fd/N or fdinfo/N, with a reference. NULL: none. */
struct file *proc_descriptor(struct proc_node at);

/* One component below a directory. Returns 0, -ENOENT, or -ESRCH: the directory is a dead process's. */
int64_t proc_step(struct proc_node *at, const char *name, size_t length);

/* "..". False at the root. */
bool proc_step_up(struct proc_node *at);

/* readlink(2) of a SYMLINK (mounts, self). Returns its length. */
int64_t proc_link_text(const struct task *reader, struct proc_node at, char *buf, size_t size);

/*
 * The inode behind a magic link, with a reference. NULL: *err says why; -ENXIO: an open file that has
 * none (a pipe).
 */
struct inode *proc_link_inode(struct task *reader, struct proc_node at, int64_t *err);

/* The files behind the places; the inode's reference is taken over on success. 0 or -errno. */
int64_t proc_open_text(uint32_t flags, struct inode *inode, struct file **out);
int64_t proc_open_directory(uint32_t flags, struct inode *inode, struct file **out);

/* fstat(2) of a file of procfs. */
int64_t proc_file_stat(struct file *f, struct vfs_attr *out);

/* st_nlink of a directory: as many as it has directories, and two. Takes tasks_lock. */
uint32_t proc_links(struct proc_node at);

/* The smallest pid, tid or descriptor >= `least` in a directory of numbers; -1: none. */
int proc_next_number(struct proc_node at, int least);

/* Is it a directory of numbers (the root has both)? */
bool proc_has_numbers(struct proc_node at);

/* st_ino. */
uint64_t proc_number(struct proc_node at);
