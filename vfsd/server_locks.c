/*
 * The ops of locks: sessions and nodes for locks.h, and its news for the sessions. See server.c.
 */
#include "server_ops.h"

/* Tells the sessions whose waits for locks have an outcome. */
void server_tell_locks(struct server *server)
{
    LIST_FOR_EACH(it, &server->vfsd.sessions)
    {
        struct session *session = LIST_ENTRY(it, struct session, link);

        if (session->locks.news && session->changed)
            jg_event_raise(session->changed, VFS_EVENT_LOCKS);
        session->locks.news = false;
    }
}

/* Which file is meant: by its node, or by what the session calls it. */
static int32_t lock_key(const struct session *session, uint64_t node, uint64_t key,
                        struct lock_key *out)
{
    const struct spot *at = node ? session_spot(session, node) : NULL;

    *out = (struct lock_key){&session->locks, 0, key};
    if (!node)
        return 0;
    if (!at)
        return VFS_ERROR_BADNODE;
    *out = (struct lock_key){NULL, at->entry->inode->fs->dev, at->entry->inode->ino};
    return 0;
}

int32_t op_lock(struct vfs_call *call, const struct vfs_lock *want, uint64_t ticket)
{
    struct lock_key key;
    int32_t error;

    SESSION(call);
    error = lock_key(session, want->node, want->key, &key);
    if (!error)
        error = locks_set(&session->locks, &key, want, ticket);
    server_tell_locks(server_of(call));
    return error;
}

int32_t op_lock_wait(struct vfs_call *call, uint64_t ticket, bool cancel)
{
    SESSION(call);
    return locks_wait(&session->locks, ticket, cancel);
}

int32_t op_lock_test(struct vfs_call *call, const struct vfs_lock *want, struct vfs_lock *found)
{
    struct lock_key key;
    int32_t error;

    SESSION(call);
    error = lock_key(session, want->node, want->key, &key);
    if (!error)
        locks_test(&session->locks, &key, want, found);
    return error;
}

int32_t op_lock_release(struct vfs_call *call, uint64_t node, uint64_t number, uint64_t owner,
                        uint32_t kind)
{
    struct lock_key key;
    int32_t error;

    SESSION(call);
    error = lock_key(session, node, number, &key);
    if (!error)
        locks_release(&session->locks, &key, owner, kind);
    server_tell_locks(server_of(call));
    return error;
}

int32_t op_locks(struct vfs_call *call, uint64_t node, uint64_t number, uint64_t owner,
                 uint64_t file, struct jg_window text, size_t *text_len)
{
    const uint64_t owners[2] = {owner, file};
    struct lock_key key;
    size_t used = 0;
    int32_t error;

    SESSION(call);
    error = lock_key(session, node, number, &key);
    if (!error && (owner || file))
        used = locks_text_of(&session->locks, &key, owners, server_text, server_room(&text));
    else if (!error)
        used = locks_text(&session->locks, server_text, server_room(&text));
    if (!error)
        error = jg_window_write(&text, 0, server_text, used);
    *text_len = error ? 0 : used;
    return error;
}
