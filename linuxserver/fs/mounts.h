/*
 * What is mounted for the first program, and mount(2) for the others.
 */
#pragma once

#include <task.h>

/* mount(2)'s strings. */
struct mount_text {
    char source[PATH_LIMIT], type[256];
    char options[PATH_LIMIT];
};

/* Mounts /proc and /dev/pts in the user's tree. 0 or -errno. */
int64_t mount_first(struct task *t);

/* mount(2) at a path of the program's, in all its forms. 0 or -errno. */
int64_t mount_do(struct task *t, uint64_t path_va, const struct mount_text *text, uint64_t flags);

/* umount2(2). */
int64_t mount_remove(struct task *t, uint64_t path_va, uint32_t flags);

/* pivot_root(2); tasks at the old root go to the new one. */
int64_t mount_pivot(struct task *t, uint64_t new_va, uint64_t old_va);
