/* Attributes as x86-64's struct stat. */
#include "stat.h"

#include <jg/rt/string.h>

#include <hot.h>
#include <linux.h>

/* Linux's new_encode_dev. */
static uint64_t device_number(uint32_t major, uint32_t minor)
{
    return (minor & 0xffull) | (uint64_t)major << 8 | (uint64_t)(minor & ~0xffu) << 12;
}

HOT_PATH void stat_from_attr(const struct vfs_attr *a, struct linux_stat *st)
{
    memset(st, 0, sizeof *st);
    st->st_dev = device_number(0, (uint32_t)a->dev); /* file systems without a device: the minor */
    st->st_ino = a->ino;
    st->st_nlink = a->nlink;
    st->st_mode = a->mode;
    st->st_uid = a->uid;
    st->st_gid = a->gid;
    st->st_rdev = device_number(a->rdev_major, a->rdev_minor);
    st->st_size = (int64_t)a->size;
    st->st_blksize = PAGE_SIZE;
    st->st_blocks = (int64_t)a->blocks;
    st->st_atime = a->atime / NS_PER_SEC;
    st->st_atime_nsec = a->atime % NS_PER_SEC;
    st->st_mtime = a->mtime / NS_PER_SEC;
    st->st_mtime_nsec = a->mtime % NS_PER_SEC;
    st->st_ctime = a->ctime / NS_PER_SEC;
    st->st_ctime_nsec = a->ctime % NS_PER_SEC;
}
