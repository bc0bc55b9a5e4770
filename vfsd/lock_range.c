/*
 * Ranges of locks. See lock_range.h.
 */
#include "lock_range.h"

#include <ipc/vfs_server.h>
#include <jg/rt/heap.h>

struct lock *lock_new(const struct lock *like)
{
    struct lock *lock = like->owner.client->locks < LOCK_LIMIT ? rt_alloc(sizeof *lock) : NULL;

    if (!lock)
        return NULL;
    *lock = *like;
    list_init(&lock->link);
    lock->owner.client->locks++;
    return lock;
}

void lock_free(struct lock *lock)
{
    if (!lock)
        return;
    lock->owner.client->locks--;
    rt_free(lock);
}

static void drop(struct lock *lock)
{
    list_remove(&lock->link);
    lock_free(lock);
}

static bool overlap(const struct lock *a, const struct lock *b)
{
    return a->start <= b->end && b->start <= a->end;
}

struct lock *lock_conflict(const struct list *held, const struct lock *want)
{
    if (want->type == VFS_LOCK_TYPE_NONE)
        return NULL;
    LIST_FOR_EACH(it, held)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (!lock_owner_same(&l->owner, &want->owner) && overlap(l, want) &&
            (l->type == VFS_LOCK_TYPE_EXCLUSIVE || want->type == VFS_LOCK_TYPE_EXCLUSIVE))
            return l;
    }
    return NULL;
}

static struct lock *take(struct lock *spare[LOCK_SPARES])
{
    struct lock **from = spare[0] ? &spare[0] : &spare[1], *lock = *from;

    *from = NULL;
    return lock;
}

/*
 * Takes the range of `new` away from `l`, which overlaps it and has another type. Returns whether what comes
 * behind the range was met: then *behind is it.
 */
static bool carve(struct lock *l, const struct lock *new, struct lock *spare[LOCK_SPARES],
                  struct list **behind)
{
    if (l->start < new->start && l->end > new->end) {
        struct lock *high = take(spare);

        *high = *l;
        high->start = new->end + 1;
        l->end = new->start - 1;
        list_insert_before(l->link.next, &high->link);
        *behind = &high->link;
        return true;
    }
    if (l->start < new->start) {
        l->end = new->start - 1;
    } else if (l->end > new->end) {
        l->start = new->end + 1;
        *behind = &l->link;
        return true;
    } else {
        drop(l);
    }
    return false;
}

/* Ranges end at LOCK_END at most, so that one more never wraps. */
static bool touches(const struct lock *a, const struct lock *b)
{
    return a->start <= b->end + 1 && b->start <= a->end + 1;
}

void lock_set(struct list *held, const struct lock *want, struct lock *spare[LOCK_SPARES])
{
    struct lock new = *want, *made;
    struct list *behind = held;
    bool met = false;

    LIST_FOR_EACH_SAFE(it, held)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (!lock_owner_same(&l->owner, &new.owner)) {
            if (!met)
                continue;
            behind = it;
            break;
        }
        met = true;
        if (l->type == new.type && touches(l, &new)) {
            new.start = l->start < new.start ? l->start : new.start;
            new.end = l->end > new.end ? l->end : new.end;
            drop(l);
        } else if (l->start > new.end) {
            behind = it;
            break;
        } else if (overlap(l, &new) && carve(l, &new, spare, &behind)) {
            break;
        }
    }
    if (new.type == VFS_LOCK_TYPE_NONE)
        return;
    made = take(spare);
    *made = new;
    list_insert_before(behind, &made->link);
}

bool lock_drop_owner(struct list *held, const struct lock_owner *owner)
{
    bool any = false;

    LIST_FOR_EACH_SAFE(it, held)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (lock_owner_same(&l->owner, owner)) {
            drop(l);
            any = true;
        }
    }
    return any;
}
