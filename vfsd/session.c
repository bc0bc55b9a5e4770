/*
 * Sessions: numbers for spots.
 *
 * A node's number is index + 1 in the low half and the generation of its slot in the high half, so
 * that the number of a closed node is not soon another's.
 */
#include "session.h"

#include <ipc/vfs_server.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

static uint32_t *bucket_of(const struct session *session, struct spot at)
{
    uint64_t hash = ((uintptr_t)at.entry >> 4) * 0x9e3779b97f4a7c15ull;

    hash = (hash ^ (uintptr_t)at.mount >> 4) * 0x9e3779b97f4a7c15ull;
    return &session->bucket[hash >> 32 & (session->room - 1)];
}

/* Doubles the table; free slots are chained, used ones hashed again. */
static int32_t grow(struct session *session)
{
    uint32_t room = session->room ? 2 * session->room : 16;
    struct node *node;
    uint32_t *bucket;

    if (room > NODES_LIMIT)
        return VFS_ERROR_NOMEM;
    bucket = rt_zalloc(room * sizeof *bucket);
    if (!bucket)
        return VFS_ERROR_NOMEM;
    node = rt_realloc(session->node, room * sizeof *node);
    if (!node) {
        rt_free(bucket);
        return VFS_ERROR_NOMEM;
    }

    /* Point of no return. */
    memset(node + session->room, 0, (room - session->room) * sizeof *node);
    for (uint32_t i = room; i-- > session->room;) {
        node[i].next = session->free;
        session->free = i + 1;
    }
    rt_free(session->bucket);
    session->node = node;
    session->bucket = bucket;
    session->room = room;
    for (uint32_t i = 0; i < room; i++) {
        if (node[i].at.entry) {
            uint32_t *head = bucket_of(session, node[i].at);

            node[i].next = *head;
            *head = i + 1;
        }
    }
    return 0;
}

static uint64_t number(const struct session *session, uint32_t index)
{
    return (uint64_t)session->node[index].generation << 32 | (index + 1);
}

int32_t session_open(struct session *session, struct spot at, uint64_t *out)
{
    struct node *node;
    uint32_t *head, index;
    int32_t error;

    for (uint32_t i = *bucket_of(session, at); i; i = node->next) {
        node = &session->node[i - 1];
        if (node->at.entry == at.entry && node->at.mount == at.mount) {
            if (node->refs == UINT32_MAX)
                return VFS_ERROR_NOMEM;
            node->refs++;
            *out = number(session, i - 1);
            return 0;
        }
    }
    if (!session->free) {
        error = grow(session);
        if (error)
            return error;
    }
    index = session->free;
    node = &session->node[index - 1];
    head = bucket_of(session, at);
    *out = number(session, index - 1);
    session->free = node->next;
    session->live++;
    node->at = at;
    node->refs = 1;
    node->next = *head;
    *head = index;
    entry_hold(at.entry);
    mount_hold(at.mount);
    return 0;
}

static struct node *find(const struct session *session, uint64_t number_)
{
    uint32_t index = (uint32_t)number_ - 1;
    struct node *node;

    if (index >= session->room)
        return NULL;
    node = &session->node[index];
    return node->at.entry && node->generation == number_ >> 32 ? node : NULL;
}

const struct spot *session_spot(const struct session *session, uint64_t node)
{
    struct node *found = find(session, node);

    return found ? &found->at : NULL;
}

static void release(struct session *session, struct node *node)
{
    uint32_t index = (uint32_t)(node - session->node) + 1;
    uint32_t *link = bucket_of(session, node->at);
    struct spot at = node->at;

    while (*link != index)
        link = &session->node[*link - 1].next;
    *link = node->next;
    node->at = (struct spot){0};
    node->generation = (node->generation + 1) & 0x7fffffff;
    node->next = session->free;
    session->free = index;
    session->live--;
    /* The entry first: the mount's file system must outlive it. */
    entry_drop(at.entry);
    mount_drop(session->vfsd, at.mount);
}

int32_t session_close(struct session *session, uint64_t node, uint32_t count)
{
    struct node *found = find(session, node);

    if (!found)
        return VFS_ERROR_BADNODE;
    if (found->refs < count)
        return VFS_ERROR_INVAL;
    found->refs -= count;
    if (!found->refs)
        release(session, found);
    return 0;
}

int32_t session_create(struct vfsd *vfsd, struct tree *tree, bool read_only, struct session **out)
{
    struct session *session = rt_zalloc(sizeof *session);
    uint64_t root;
    int32_t error;

    if (!session)
        return VFS_ERROR_NOMEM;
    session->vfsd = vfsd;
    session->tree = tree;
    session->read_only = read_only;
    lock_client_init(&session->locks);
    notices_init(&session->notices);
    error = grow(session);
    if (!error)
        error = session_open(session, (struct spot){tree->root, tree->root->root}, &root);
    if (error) {
        rt_free(session->node);
        rt_free(session->bucket);
        rt_free(session);
        return error;
    }
    session->key = vfsd->next_session++;
    list_add_tail(&vfsd->sessions, &session->link);
    *out = session;
    return 0;
}

void session_free(struct session *session)
{
    locks_end(&session->locks);
    notices_end(&session->notices);
    for (uint32_t i = 0; i < session->room; i++)
        if (session->node[i].at.entry)
            release(session, &session->node[i]);
    list_remove(&session->link);
    rt_free(session->node);
    rt_free(session->bucket);
    rt_free(session);
}

struct session *session_find(struct vfsd *vfsd, uint64_t key)
{
    LIST_FOR_EACH(it, &vfsd->sessions) {
        struct session *session = LIST_ENTRY(it, struct session, link);

        if (session->key == key)
            return session;
    }
    return NULL;
}

bool session_read_only(const struct session *session, const struct mount *mount)
{
    return session->read_only || mount_read_only(mount);
}
