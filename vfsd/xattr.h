/*
 * Extended attributes: names and values that an inode carries, as a list with the newest first.
 *
 * Life: with their inode; inode_free() calls xattrs_free().
 */
#pragma once

#include "session.h"

/* What few inodes have. */
struct extra {
    struct xattr *xattrs;
    struct watch *watches; /* watch.h */
};

/* The inode's, made if there is none. NULL: no memory. */
struct extra *extra_of(struct inode *inode);

/* xattr_set(), of a name of `length` bytes. Returns 0, BADNODE, ROFS, EXIST, NODATA, NOSPC, NOMEM, INVAL. */
int32_t tree_xattr_set(struct session *session, uint64_t node, uint32_t how, const char *name,
                       size_t length, const void *value, size_t size);

/* xattr_get(): lends the value. Returns 0, BADNODE, NODATA. */
int32_t tree_xattr_get(const struct session *session, uint64_t node, const char *name,
                       size_t length, const void **value, size_t *size);

/* xattr_list(), into `room` bytes at `buffer`; *size is what they need. Returns 0 or BADNODE. */
int32_t tree_xattr_list(const struct session *session, uint64_t node, bool all, char *buffer,
                        size_t room, size_t *size);

/* Frees those of an inode that goes. */
void xattrs_free(struct inode *inode);
