/* What is known of a file. See known.h. */
#include "known.h"

#include <hot.h>

#define DAY         86400000000000ll
#define PAGE_BLOCKS 8u /* of 512 bytes */

HOT_PATH bool known_merge(const struct known *k, const struct jg_info_vmo *now, struct vfs_attr *out)
{
    *out = k->attr;
    out->size = now->size;
    out->blocks = now->committed_pages * PAGE_BLOCKS;
    if (now->modified != k->modified) {
        out->mtime = now->modified;
        if (out->ctime < now->modified)
            out->ctime = now->modified;
    }
    if (now->accessed == k->accessed)
        return true;
    return out->atime > out->mtime && out->atime > out->ctime && now->accessed - out->atime < DAY;
}
