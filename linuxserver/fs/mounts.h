/*
 * What is mounted for the first program, and mount(2) for the others.
 */
#pragma once

#include <task.h>

#define MOUNT_RDONLY  1u
#define MOUNT_NOSUID  2u
#define MOUNT_NODEV   4u
#define MOUNT_NOEXEC  8u
#define MOUNT_REMOUNT 32u
#define MOUNT_NOATIME 1024u
#define MOUNT_BIND    4096u
#define MOUNT_PROPAGATION                                                                          \
    (1u << 17 | 1u << 18 | 1u << 19 | 1u << 20) /* UNBINDABLE, PRIVATE, SLAVE, SHARED */

/* mount(2)'s strings. */
struct mount_text {
    char source[256], type[256];
    char options[1024];
};

/* Mounts /proc and /dev/pts in the user's tree. 0 or -errno. */
int64_t mount_first(struct task *t);

/*
 * mount(2) at a path of the program's; the caller has checked the privilege. -ENODEV: unknown type.
 */
int64_t mount_new(struct task *t, uint64_t path_va, const struct mount_text *text, uint64_t flags);

/* umount2(2). */
int64_t mount_remove(struct task *t, uint64_t path_va, uint32_t flags);
