/*
 * Keys, identifiers and permissions of System V IPC. See ipc.h.
 */
#include "ipc.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <asm/ipcbuf.h>

#define SLOTS_AT_LEAST 64u /* slots are not used again before so many others were */
#define SEQUENCE_END   (INT32_MAX / IPC_SLOTS_MAX)

struct mutex ipc_lock = MUTEX_INIT;

static bool make_room(struct ipc_set *set, unsigned slots)
{
    struct ipc_object **more;
    unsigned room = set->room ? set->room : SLOTS_AT_LEAST;

    while (room < slots)
        room *= 2;
    if (room == set->room)
        return true;
    more = rt_zalloc(room * sizeof(*more));
    if (!more)
        return false;
    if (set->room)
        memcpy(more, set->slots, set->room * sizeof(*more));
    rt_free(set->slots);
    set->slots = more;
    set->room = room;
    return true;
}

/* The first free slot of [from, end), or -1. */
static int free_slot(const struct ipc_set *set, unsigned from, unsigned end)
{
    for (; from < end; from++) {
        if (!set->slots[from])
            return (int)from;
    }
    return -1;
}

/* Gives the object a slot and an id. */
static int64_t enter(struct ipc_set *set, struct ipc_object *object)
{
    unsigned end = set->used * 3 / 2;
    int slot;

    if (set->used >= set->limit)
        return -ENOSPC;
    end = end < SLOTS_AT_LEAST ? SLOTS_AT_LEAST : end > IPC_SLOTS_MAX ? IPC_SLOTS_MAX : end;
    if (!make_room(set, end))
        return -ENOMEM;
    slot = free_slot(set, set->next, end);
    if (slot < 0)
        slot = free_slot(set, 0, end);
    if (slot < 0)
        return -ENOSPC;
    if (slot <= set->last && ++set->sequence >= SEQUENCE_END)
        set->sequence = 0;
    set->last = slot;
    set->next = (unsigned)slot + 1;
    set->slots[slot] = object;
    set->used++;
    object->id = (int)(set->sequence * IPC_SLOTS_MAX) + slot;
    return 0;
}

static struct ipc_object *find_key(const struct ipc_set *set, int32_t key)
{
    for (unsigned i = 0; key != IPC_PRIVATE && i < set->room; i++) {
        if (set->slots[i] && set->slots[i]->key == key)
            return set->slots[i];
    }
    return NULL;
}

static int64_t make(struct task *t, const struct ipc_kind *kind, int32_t key, int flags,
                    const void *request)
{
    int64_t err = -ENOMEM;
    struct ipc_object *object = kind->create(t, request, &err);

    if (!object)
        return err;
    object->key = key;
    object->mode |= (uint32_t)flags & 0777;
    object->uid = object->cuid = t->cred.euid;
    object->gid = object->cgid = t->cred.egid;
    err = enter(kind->set, object);
    if (err)
        kind->destroy(object);
    return err ? err : object->id;
}

int64_t ipc_get(struct task *t, const struct ipc_kind *kind, int32_t key, int flags,
                const void *request)
{
    struct ipc_object *object;
    int64_t result;

    mutex_lock(&ipc_lock);
    object = find_key(kind->set, key);
    if (!object) {
        result = key == IPC_PRIVATE || (flags & IPC_CREAT) ? make(t, kind, key, flags, request)
                                                           : -ENOENT;
    } else if ((flags & IPC_CREAT) && (flags & IPC_EXCL)) {
        result = -EEXIST;
    } else {
        result = kind->check(object, request);
        if (!result)
            result = ipc_may(t, object, (uint32_t)flags) ? object->id : -EACCES;
    }
    mutex_unlock(&ipc_lock);
    return result;
}

struct ipc_object *ipc_at(const struct ipc_set *set, unsigned slot)
{
    return slot < set->room ? set->slots[slot] : NULL;
}

struct ipc_object *ipc_find(const struct ipc_set *set, int id)
{
    struct ipc_object *object = id < 0 ? NULL : ipc_at(set, (unsigned)id % IPC_SLOTS_MAX);

    return object && object->id == id ? object : NULL;
}

int ipc_highest(const struct ipc_set *set)
{
    int slot = (int)set->room - 1;

    while (slot >= 0 && !set->slots[slot])
        slot--;
    return slot;
}

void ipc_remove(struct ipc_set *set, struct ipc_object *object)
{
    set->slots[object->id % IPC_SLOTS_MAX] = NULL;
    set->used--;
}

bool ipc_may(const struct task *t, const struct ipc_object *object, uint32_t wanted)
{
    uint32_t granted = object->mode, bits = (wanted >> 6 | wanted >> 3 | wanted) & 7;

    if (t->cred.euid == object->cuid || t->cred.euid == object->uid)
        granted >>= 6;
    else if (cred_in_group(&t->cred, object->cgid) || cred_in_group(&t->cred, object->gid))
        granted >>= 3;
    return !(bits & ~granted) || cred_capable(&t->cred, CAP_IPC_OWNER);
}

bool ipc_owns(const struct task *t, const struct ipc_object *object)
{
    return t->cred.euid == object->cuid || t->cred.euid == object->uid ||
           cred_capable(&t->cred, CAP_SYS_ADMIN);
}

void ipc_perm_out(const struct ipc_object *object, struct ipc64_perm *out)
{
    *out = (struct ipc64_perm){.key = object->key,
                               .uid = object->uid,
                               .gid = object->gid,
                               .cuid = object->cuid,
                               .cgid = object->cgid,
                               .mode = (__kernel_mode_t)object->mode,
                               .seq = (unsigned short)(object->id / IPC_SLOTS_MAX)};
}

int64_t ipc_perm_in(struct ipc_object *object, const struct ipc64_perm *in)
{
    if (in->uid == UINT32_MAX || in->gid == UINT32_MAX)
        return -EINVAL;
    object->uid = in->uid;
    object->gid = in->gid;
    object->mode = (object->mode & ~0777u) | (in->mode & 0777);
    return 0;
}
