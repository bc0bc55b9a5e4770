/*
 * What the files of ops share: finding the session of a call, and room for long texts.
 */
#pragma once

#include "server.h"

#include <ipc/vfs_server.h>

static inline struct server *server_of(const struct vfs_call *call)
{
    return call->context;
}

static inline struct session *session_of(const struct vfs_call *call)
{
    return session_find(&server_of(call)->vfsd, call->key);
}

/* Begins an op: its session, or the answer that there is none. */
#define SESSION(call)                                                                              \
    struct session *session = session_of(call);                                                    \
    if (!session)                                                                                  \
    return JG_ERR_PEER_CLOSED

/* For the windows of readdir(), mounts() and locks(). */
extern char server_text[VFS_READDIR_MAX];

/* How much of a window there is to fill. */
static inline size_t server_room(const struct jg_window *window)
{
    return window->size < sizeof server_text ? window->size : sizeof server_text;
}

/* server_watch.c: the ops of the same names. */
int32_t op_xattr_set(struct vfs_call *call, uint64_t node, uint32_t how, uint32_t name_length,
                     struct jg_window data);
int32_t op_xattr_get(struct vfs_call *call, uint64_t node, const char *name, size_t name_len,
                     uint32_t *size, struct jg_window value, size_t *value_len);
int32_t op_xattr_list(struct vfs_call *call, uint64_t node, bool all, uint32_t *size,
                      struct jg_window names, size_t *names_len);
int32_t op_watch(struct vfs_call *call, uint64_t node, uint64_t tag, uint32_t mask);
int32_t op_unwatch(struct vfs_call *call, uint64_t tag);
int32_t op_touch(struct vfs_call *call, uint64_t node, uint32_t mask, uint32_t *interest,
                 uint32_t *word, uint64_t *stamp);
int32_t op_notices(struct vfs_call *call, struct jg_window records, size_t *records_len);

/* server_locks.c: the ops of the same names, and the news for sessions whose waits for locks have an outcome. */
int32_t op_lock(struct vfs_call *call, const struct vfs_lock *want, uint64_t ticket);
int32_t op_lock_wait(struct vfs_call *call, uint64_t ticket, bool cancel);
int32_t op_lock_test(struct vfs_call *call, const struct vfs_lock *want, struct vfs_lock *found);
int32_t op_lock_release(struct vfs_call *call, uint64_t node, uint64_t number, uint64_t owner,
                        uint32_t kind);
int32_t op_locks(struct vfs_call *call, uint64_t node, uint64_t number, uint64_t owner,
                 uint64_t file, struct jg_window text, size_t *text_len);
void server_tell_locks(struct server *server);
