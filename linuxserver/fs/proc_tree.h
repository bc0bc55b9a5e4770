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
    SYS_VM,
    SYS_FS,
    NAMED,
};

struct proc_entry {
    const char *name; /* NULL: a number */
    uint16_t parent;
    uint16_t kind;
    uint32_t mode;
    proc_text text;
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
 * -ENOENT: it has gone.
 */
int64_t proc_check_look(const struct task *reader, struct proc_node at);

/* The open file of fd/N or fdinfo/N, with a reference. NULL: none. */
struct file *proc_descriptor(struct proc_node at);

/* One component below a directory. Returns 0 or -ENOENT. */
int64_t proc_step(struct proc_node *at, const char *name, size_t length);

/* "..". False at the root. */
bool proc_step_up(struct proc_node *at);

/* st_ino. */
uint64_t proc_number(struct proc_node at);
