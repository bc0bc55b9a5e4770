/*
 * Ranges of locks: what is set, split, merged and in conflict, on one file.
 *
 * A list holds the locks of one file. Those of one owner stand together in the order of their ranges, which
 * neither overlap nor, where the type is the same, touch. Owners stand in the order of their first lock.
 *
 * Life:  lock_set() makes locks out of the spares that its caller allocated, so that it cannot fail.
 * Locks: none; see server.c.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/types.h>

#define LOCK_END    ((uint64_t)INT64_MAX) /* the last byte that a range may reach: "to the end" */
#define LOCK_SPARES 2

/* Of a session: how many locks it has, its waits, and whether one of them has news. */
struct lock_client {
    uint32_t locks;
    bool news;
    struct list waits;
};

struct lock_owner {
    struct lock_client *client;
    uint64_t id;
    uint32_t kind; /* VFS_LOCK_KIND_* */
};

struct lock {
    struct list link;
    struct lock_owner owner;
    uint32_t type; /* VFS_LOCK_TYPE_* */
    uint32_t pid;
    uint64_t start, end; /* inclusive */
};

static inline bool lock_owner_same(const struct lock_owner *a, const struct lock_owner *b)
{
    return a->client == b->client && a->id == b->id && a->kind == b->kind;
}

/* Returns the first lock of another owner that `want` cannot stand beside, or NULL. */
struct lock *lock_conflict(const struct list *held, const struct lock *want);

/*
 * Makes `want` what its owner holds of the range; type NONE unlocks it. Conflicts were looked for before.
 * Takes what it needs of the spares and sets those to NULL: one to unlock, two to lock.
 */
void lock_set(struct list *held, const struct lock *want, struct lock *spare[LOCK_SPARES]);

/* Drops all locks of an owner. Returns whether there were any. */
bool lock_drop_owner(struct list *held, const struct lock_owner *owner);

#define LOCK_LIMIT 16384u /* of one client */

/* A lock like that one, in no list, which counts for its client. NULL: no memory, or LOCK_LIMIT is reached. */
struct lock *lock_new(const struct lock *like);

/* Frees one that is in no list; NULL is fine. */
void lock_free(struct lock *lock);
