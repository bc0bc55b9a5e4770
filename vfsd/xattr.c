/*
 * Extended attributes. See xattr.h.
 *
 * Source: xattr(7), setxattr(2); Linux 6.1's simple_xattr_set() for the order of a list.
 */
#include "xattr.h"

#include "pages.h"
#include "watch.h"
#include "words.h"

#include <ipc/vfs_server.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#define BYTES_LIMIT (4u << 20) /* of all of a file system's: they are this server's own memory */

struct xattr {
    struct xattr *next;
    uint32_t size;
    uint8_t length; /* of the name, which the value follows */
    char name[];
};

struct extra *extra_of(struct inode *inode)
{
    if (!inode->extra)
        inode->extra = rt_zalloc(sizeof *inode->extra);
    return inode->extra;
}

static size_t cost(const struct xattr *x)
{
    return sizeof *x + x->length + x->size;
}

/* The place of one in the list, or that of its end. */
static struct xattr **find(struct extra *extra, const char *name, size_t length)
{
    struct xattr **at = &extra->xattrs;

    while (*at && ((*at)->length != length || memcmp((*at)->name, name, length)))
        at = &(*at)->next;
    return at;
}

static void drop(struct inode *inode, struct xattr **at)
{
    struct xattr *old = *at;

    *at = old->next;
    inode->fs->xattr_bytes -= cost(old);
    rt_free(old);
}

static int32_t make(const struct inode *inode, const char *name, size_t length, const void *value,
                    size_t size, struct xattr **out)
{
    struct xattr *x;

    if (inode->fs->xattr_bytes + sizeof *x + length + size > BYTES_LIMIT)
        return VFS_ERROR_NOSPC;
    x = rt_alloc(sizeof *x + length + size);
    if (!x)
        return VFS_ERROR_NOMEM;
    x->size = (uint32_t)size;
    x->length = (uint8_t)length;
    memcpy(x->name, name, length);
    memcpy(x->name + length, value, size);
    *out = x;
    return 0;
}

int32_t tree_xattr_set(struct session *session, uint64_t node, uint32_t how, const char *name,
                       size_t length, const void *value, size_t size)
{
    const struct spot *at = session_spot(session, node);
    struct xattr **place, *made = NULL;
    struct inode *inode;
    int32_t error = 0;

    if (!at)
        return VFS_ERROR_BADNODE;
    inode = at->entry->inode;
    if (session_read_only(session, at->mount))
        return VFS_ERROR_ROFS;
    if (!length || length > NAME_LIMIT || size > VFS_XATTR_MAX || memchr(name, '\0', length))
        return VFS_ERROR_INVAL;
    if (!extra_of(inode))
        return VFS_ERROR_NOMEM;
    place = find(inode->extra, name, length);
    if (*place && (how & VFS_XATTR_HOW_CREATE))
        return VFS_ERROR_EXIST;
    if (!*place && (how & (VFS_XATTR_HOW_REPLACE | VFS_XATTR_HOW_REMOVE)))
        return VFS_ERROR_NODATA;
    if (!(how & VFS_XATTR_HOW_REMOVE))
        error = make(inode, name, length, value, size, &made);
    if (error)
        return error;

    /* Point of no return. What is replaced keeps its place, what is new comes first. */
    if (*place)
        drop(inode, place);
    else
        place = &inode->extra->xattrs;
    if (made) {
        made->next = *place;
        *place = made;
        inode->fs->xattr_bytes += cost(made);
    }
    inode->ctime = clock_wall();
    words_changed(inode);
    watch_tell(at->entry, WATCH_ATTRIB);
    return 0;
}

int32_t tree_xattr_get(const struct session *session, uint64_t node, const char *name,
                       size_t length, const void **value, size_t *size)
{
    const struct spot *at = session_spot(session, node);
    const struct xattr *x;

    if (!at)
        return VFS_ERROR_BADNODE;
    x = at->entry->inode->extra ? *find(at->entry->inode->extra, name, length) : NULL;
    if (!x)
        return VFS_ERROR_NODATA;
    *value = x->name + x->length;
    *size = x->size;
    return 0;
}

static bool hidden(const struct xattr *x)
{
    static const char trusted[] = "trusted.";

    return x->length >= sizeof trusted - 1 && !memcmp(x->name, trusted, sizeof trusted - 1);
}

int32_t tree_xattr_list(const struct session *session, uint64_t node, bool all, char *buffer,
                        size_t room, size_t *size)
{
    const struct spot *at = session_spot(session, node);
    size_t used = 0;

    if (!at)
        return VFS_ERROR_BADNODE;
    for (const struct xattr *x = at->entry->inode->extra ? at->entry->inode->extra->xattrs : NULL;
         x; x = x->next) {
        if (!all && hidden(x))
            continue;
        if (used + x->length + 1 <= room) {
            memcpy(buffer + used, x->name, x->length);
            buffer[used + x->length] = '\0';
        }
        used += x->length + 1ul;
    }
    *size = used;
    return 0;
}

void xattrs_free(struct inode *inode)
{
    while (inode->extra->xattrs)
        drop(inode, &inode->extra->xattrs);
}
