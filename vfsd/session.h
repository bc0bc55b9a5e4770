/*
 * Sessions and their nodes.
 *
 * Life:  session_create() by open_session(); its end (JG_KIND_CLOSED) is session_free(), which
 *        releases all nodes. A node is one spot; a session has at most one node for each spot, and
 *        counts.
 */
#pragma once

#include "locks.h"
#include "mount.h"
#include "watch.h"

#define NODES_LIMIT (1u << 20)

struct node {
    struct spot at; /* counted; entry NULL: free */
    uint32_t refs;
    uint32_t generation;
    uint32_t next; /* index + 1: in the bucket, or in the list of free ones */
};

struct session {
    struct list link;
    struct vfsd *vfsd;
    struct tree *tree;
    struct node *node;
    uint32_t *bucket; /* by spot: index + 1; as many as `room` */
    uint32_t room, free, live;
    bool read_only;
    bool control; /* init's: may open sessions and unpack */
    uint64_t key; /* of its end at the port */
    jg_handle_t end, changed;
    struct lock_client locks;
    struct notices notices;
};

/*
 * Makes a session whose node 1 is the root of `tree`. Returns 0 or NOMEM.
 * Handles are set by the caller, and closed by whoever calls session_free().
 */
int32_t session_create(struct vfsd *vfsd, struct tree *tree, bool read_only, struct session **out);

/* Ends a session and releases its nodes. */
void session_free(struct session *session);

/* Finds a session by its key. Returns NULL when there is none (any more). */
struct session *session_find(struct vfsd *vfsd, uint64_t key);

/* Finds what a node refers to. Returns NULL for anything that is no open node. */
const struct spot *session_spot(const struct session *session, uint64_t node);

/* Opens a spot: its node, made or counted once more. Returns 0 or NOMEM. */
int32_t session_open(struct session *session, struct spot at, uint64_t *node);

/*
 * Drops counts of a node. Returns 0; BADNODE, or INVAL when it has fewer, and then nothing is
 * dropped.
 */
int32_t session_close(struct session *session, uint64_t node, uint32_t count);

/* Tells whether a session must not change anything through a mount. */
bool session_read_only(const struct session *session, const struct mount *mount);
