/* struct stat as x86-64 programs have it. */
#pragma once

#include <ipc/vfs_client.h>
#include <stdint.h>

struct linux_stat {
    uint64_t st_dev, st_ino, st_nlink;
    uint32_t st_mode, st_uid, st_gid, pad0;
    uint64_t st_rdev;
    int64_t st_size, st_blksize, st_blocks;
    int64_t st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
    int64_t unused[3];
};
_Static_assert(sizeof(struct linux_stat) == 144, "asm/stat.h, x86-64");

/* What stat(2) gives for the attributes `a`; every byte of *st is written. */
void stat_from_attr(const struct vfs_attr *a, struct linux_stat *st);
