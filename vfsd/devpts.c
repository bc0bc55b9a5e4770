/*
 * devpts. See devpts.h.
 */
#include "devpts.h"

#include "devices.h"
#include "directory.h"
#include "options.h"
#include "tree.h"

#include <ipc/vfs_server.h>
#include <jg/rt/string.h>

#define PTMX "ptmx"

static struct inode *ptmx_of(struct fs *fs)
{
    size_t length = sizeof PTMX - 1;
    struct entry *found =
        directory_find(&fs->root->inode->dir, PTMX, length, entry_hash(PTMX, length));

    return found ? found->inode : NULL;
}

int32_t devpts_configure(struct fs *fs, const char *text)
{
    struct devpts_options options;
    struct inode *ptmx = ptmx_of(fs);
    int32_t error = options_parse_devpts(text, &options);

    if (error)
        return error;
    fs->names = options;
    if (ptmx)
        ptmx->mode = MODE_CHARACTER | options.ptmx_mode;
    return 0;
}

static int32_t create(struct vfsd *vfsd)
{
    static const struct vfs_cred system_itself = {.powers = UINT32_MAX};
    static const uint32_t device[2] = {5, 2};
    struct entry *made;
    struct fs *fs;
    int32_t error = fs_create(vfsd->next_dev++, 0, 0, &fs);

    if (error)
        return error;
    error = make_entry(fs->root, PTMX, sizeof PTMX - 1, MODE_CHARACTER, device, NULL, 0,
                       &system_itself, &made);
    if (error) {
        fs_drop(fs);
        return error;
    }
    fs->root->inode->mode = MODE_DIRECTORY | 0755;
    fs->fixed = true;
    fs->mounts++; /* it stays, even when it is mounted nowhere */
    vfsd->terminals = fs;
    return 0;
}

int32_t devpts_mount(struct vfsd *vfsd, const char *text, struct fs **out)
{
    struct devpts_options options;
    int32_t error = options_parse_devpts(text, &options);

    if (!error && !vfsd->terminals)
        error = create(vfsd);
    if (error)
        return error;
    *out = vfsd->terminals;
    (*out)->mounts++;
    return 0;
}

void devpts_named(struct inode *made)
{
    const struct devpts_options *want = &made->fs->names;

    if (!made->fs->fixed)
        return;
    made->mode = (made->mode & MODE_TYPE) | want->mode;
    if (want->has_uid)
        made->uid = want->uid;
    if (want->has_gid)
        made->gid = want->gid;
}
