/*
 * Inodes and the file systems that they belong to.
 *
 * In:    inode_create() from whatever makes a file; inode_free() from entry_drop(); fs_create() and
 *        fs_drop() from mount.c.
 */
#include "inode.h"

#include "directory.h"
#include "pages.h"
#include "watch.h"
#include "xattr.h"

#include <ipc/vfs_server.h>
#include <jg/rt/assert.h>
#include <jg/rt/heap.h>

#define FIRST_ENTRY_ID (VFS_CURSOR_ENTRIES + 1) /* cursors 1 and 2 are "." and ".." */

int32_t inode_create(struct fs *fs, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **out)
{
    struct inode *inode;
    int64_t now = clock_wall();

    if (fs->max_inodes && fs->inodes >= fs->max_inodes)
        return VFS_ERROR_NOSPC;
    inode = rt_zalloc(sizeof *inode);
    if (!inode)
        return VFS_ERROR_NOMEM;
    inode->fs = fs;
    inode->ino = fs->next_ino++;
    inode->mode = mode;
    inode->uid = uid;
    inode->gid = gid;
    inode->atime = inode->mtime = inode->ctime = inode->btime = now;
    if (inode_is_directory(inode))
        inode->dir.next_id = FIRST_ENTRY_ID;
    fs->inodes++;
    *out = inode;
    return 0;
}

void inode_free(struct inode *inode)
{
    ASSERT(!inode->entries);
    if (inode->extra) {
        watches_end(inode);
        xattrs_free(inode);
        rt_free(inode->extra);
    }
    switch (inode_type(inode)) {
    case MODE_DIRECTORY:
        ASSERT(!inode->dir.live);
        directory_free(&inode->dir);
        break;
    case MODE_FILE:
        pages_close(inode->file.pages);
        break;
    case MODE_LINK:
        rt_free(inode->link.text);
        break;
    }
    inode->fs->inodes--;
    rt_free(inode);
}

int32_t fs_create(uint32_t dev, uint64_t max_pages, uint64_t max_inodes, struct fs **out)
{
    struct fs *fs = rt_zalloc(sizeof *fs);
    struct inode *root;
    int32_t error = VFS_ERROR_NOMEM;

    if (!fs)
        return error;
    fs->dev = dev;
    fs->next_ino = 1;
    fs->max_pages = max_pages;
    fs->max_inodes = max_inodes;
    fs->mounts = 1;
    if (max_pages && account_create(max_pages, &fs->account))
        goto free_fs;
    error = inode_create(fs, MODE_DIRECTORY | 0755, 0, 0, &root);
    if (error)
        goto close_account;
    fs->root = entry_create(root, "", 0);
    if (!fs->root) {
        error = VFS_ERROR_NOMEM;
        goto free_root;
    }
    root->nlink = 2;
    *out = fs;
    return 0;

free_root:
    inode_free(root);
close_account:
    pages_close(fs->account);
free_fs:
    rt_free(fs);
    return error;
}

void fs_clear(struct fs *fs)
{
    struct entry *at = fs->root, *child, *parent;
    uint32_t position;

    /*
     * Depth first without a stack: always the newest entry of where we are, up when there is none.
     */
    for (;;) {
        position = directory_position(&at->inode->dir, 0);
        child = directory_previous(&at->inode->dir, &position);
        if (child && inode_is_directory(child->inode) && child->inode->dir.live) {
            at = child;
        } else if (child) {
            entry_remove(child);
        } else if (at != fs->root) {
            parent = at->parent;
            entry_remove(at);
            at = parent;
        } else {
            break;
        }
    }
    fs->root->inode->nlink = 2;
}

void fs_drop(struct fs *fs)
{
    if (--fs->mounts)
        return;
    fs_clear(fs);
    ASSERT(fs->root->refs == 1);
    entry_drop(fs->root);
    pages_close(fs->account);
    rt_free(fs);
}
