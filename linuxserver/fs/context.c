/*
 * Where a task's paths start.
 */
#include <file.h>

#include <jg/rt/heap.h>

#include "inode.h"

struct fs_context *fs_create(struct inode *root, struct inode *cwd)
{
    struct fs_context *fs = rt_zalloc(sizeof *fs);

    if (!fs)
        return NULL;
    fs->refs = 1;
    fs->root = root;
    fs->cwd = cwd;
    fs->umask = 022;
    return fs;
}

struct fs_context *fs_clone(struct fs_context *from)
{
    struct fs_context *fs;

    mutex_lock(&from->lock);
    fs = fs_create(from->root, from->cwd);
    if (fs) {
        inode_get(fs->root);
        inode_get(fs->cwd);
        fs->umask = from->umask;
    }
    mutex_unlock(&from->lock);
    return fs;
}

struct fs_context *fs_get(struct fs_context *fs)
{
    __atomic_add_fetch(&fs->refs, 1, __ATOMIC_RELAXED);
    return fs;
}

struct inode *fs_inode(struct fs_context *fs, bool root)
{
    struct inode *i;

    mutex_lock(&fs->lock);
    i = inode_get(root ? fs->root : fs->cwd);
    mutex_unlock(&fs->lock);
    return i;
}

void fs_replace(struct fs_context *fs, struct inode *old, struct inode *new)
{
    struct inode **slots[] = {&fs->root, &fs->cwd};

    mutex_lock(&fs->lock);
    for (int i = 0; i < 2; i++) {
        if (*slots[i] != old)
            continue;
        *slots[i] = inode_get(new);
        inode_put(old);
    }
    mutex_unlock(&fs->lock);
}

void fs_put(struct fs_context *fs)
{
    if (!fs || __atomic_sub_fetch(&fs->refs, 1, __ATOMIC_ACQ_REL))
        return;
    inode_put(fs->root);
    inode_put(fs->cwd);
    rt_free(fs);
}
