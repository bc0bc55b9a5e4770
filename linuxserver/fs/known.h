/*
 * What is known of a file: its attributes, and how to tell whether they still hold.
 *
 * Kept by an inode, or by a name whose file is not open. The words (vfs.idl, struct basis) vouch for mode, owner, links and
 * times; a file whose pages were handed out has its size, blocks and stamps from them.
 */
#pragma once

#include <ipc/vfs_client.h>
#include <jg/info.h>

struct known {
    struct vfs_attr attr; /* node is 0 */
    uint64_t stamp;       /* 0: nothing is known */
    int64_t modified, accessed;
    uint16_t word;
    bool shared;
};

/* Takes what vfsd answered, unless something newer is known. */
static inline void known_set(struct known *k, const struct vfs_attr *attr,
                             const struct vfs_basis *on)
{
    if (!on->count || on->absent || on->stamp < k->stamp)
        return;
    k->attr = *attr;
    k->attr.node = 0;
    k->stamp = on->stamp;
    k->modified = on->modified;
    k->accessed = on->accessed;
    k->word = on->word[on->count - 1];
    k->shared = on->shared;
}

/*
 * Gives a shared file's attributes as they are with its pages as `now`. False: what vfsd would make of
 * that depends on what it saw before, so it must be asked.
 *
 * A write moves mtime and ctime whatever came before. A read moves atime only under relatime's
 * conditions, and then which of several reads moved it is vfsd's to say.
 */
bool known_merge(const struct known *k, const struct jg_info_vmo *now, struct vfs_attr *out);
