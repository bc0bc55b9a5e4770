/*
 * Propagation. See propagate.h.
 *
 * Source: mount_namespaces(7), and what Linux 6.1 does where that is silent: what is mounted on a shared mount becomes
 *         shared itself; a copy that arrives where something is mounted already slides below it.
 */
#include "propagate.h"

#include <ipc/vfs_server.h>

/* Does an event of `from` reach `x` directly? */
static bool reaches(const struct mount *from, const struct mount *x)
{
    return from->group && (x->group == from->group || x->master == from->group);
}

/*
 * Chains all mounts that an event on `origin` reaches, by next_reached, masters first. The first is `origin`. Those that are
 * just being made are left out.
 */
static void reach(struct vfsd *vfsd, struct mount *origin)
{
    struct mount *last = origin;

    origin->next_reached = NULL;
    origin->reached = true;
    for (struct mount *from = origin; from; from = from->next_reached)
        LIST_FOR_EACH(it, &vfsd->mounts)
        {
            struct mount *x = LIST_ENTRY(it, struct mount, link);

            if (x->reached || x->fresh || !x->attached || !reaches(from, x))
                continue;
            x->reached = true;
            x->next_reached = NULL;
            last->next_reached = x;
            last = x;
        }
    for (struct mount *x = origin; x; x = x->next_reached)
        x->reached = false;
}

/* Does a mount show an entry? */
static bool shows(const struct mount *mount, const struct entry *entry)
{
    for (; entry && mount->root; entry = entry->parent)
        if (entry == mount->root)
            return true;
    return false;
}

/* `m` or the copy of it that stands on a mount of a group. NULL: none. */
static struct mount *copy_in(struct vfsd *vfsd, struct mount *m, uint32_t group)
{
    if (m->parent->group == group)
        return m;
    LIST_FOR_EACH(it, &vfsd->mounts)
    {
        struct mount *x = LIST_ENTRY(it, struct mount, link);

        if (x->copy_of == m && x->parent->group == group)
            return x;
    }
    return NULL;
}

/* The master of the members of a group. */
static uint32_t master_of(struct vfsd *vfsd, uint32_t group)
{
    LIST_FOR_EACH(it, &vfsd->mounts)
    {
        const struct mount *x = LIST_ENTRY(it, struct mount, link);

        if (x->group == group)
            return x->master;
    }
    return 0;
}

/*
 * The group and the master of a copy of `m` on `at`: a peer's copy is a peer; a slave's is a slave of the copy that
 * its master got, and shared with what its own peers got.
 */
static void relate(struct vfsd *vfsd, struct mount *m, const struct mount *at, struct mount *copy)
{
    const struct mount *other;

    if (at->group == m->parent->group)
        return; /* as `m` */
    copy->group = copy->master = 0;
    for (uint32_t group = at->master; group && !copy->master; group = master_of(vfsd, group)) {
        other = copy_in(vfsd, m, group);
        copy->master = other ? other->group : 0;
    }
    if (at->group) {
        other = copy_in(vfsd, m, at->group);
        copy->group = other ? other->group : ++vfsd->next_group;
    }
}

static int32_t copy_to(struct vfsd *vfsd, struct mount *m, struct mount *at)
{
    struct spot spot = {at, m->point};
    struct mount *above = mount_at(vfsd, spot), *copy;
    int32_t error = mount_copy(vfsd, m, m->root, &copy);

    if (!error && above && copy->root && copy->root->mounts == UINT16_MAX) {
        mount_discard(vfsd, copy);
        error = VFS_ERROR_NOMEM;
    }
    if (error)
        return error;
    copy->fresh = true;
    relate(vfsd, m, at, copy);
    error = mount_attach(copy, spot);
    if (error) {
        mount_discard(vfsd, copy);
        return error;
    }
    copy->copy_of = m;
    if (above && copy->root) {
        mount_lift(above);
        mount_attach(above, (struct spot){copy, copy->root}); /* there was room for one */
    }
    return 0;
}

/* Copies what stands on `top` onto the copies of it, parents first. */
static int32_t copy_below(struct vfsd *vfsd, struct mount *top)
{
    int32_t error = 0;

    for (struct mount *m = mount_next(vfsd, top, top); m && !error; m = mount_next(vfsd, top, m))
        LIST_FOR_EACH(it, &vfsd->mounts)
        {
            struct mount *at = LIST_ENTRY(it, struct mount, link);

            if (at->copy_of == m->parent && !error)
                error = copy_to(vfsd, m, at);
        }
    return error;
}

/* Takes one away; what covers it wholly takes its place. */
static void take_out(struct vfsd *vfsd, struct mount *mount)
{
    struct mount *above =
        mount->children ? mount_at(vfsd, (struct spot){mount, mount->root}) : NULL;
    struct spot at = {mount->parent, mount->point};

    if (above)
        mount_lift(above);
    entry_hold(at.entry);
    mount_lift(mount);
    if (above)
        mount_attach(above, at); /* there was room for one */
    entry_drop(at.entry);
    mount_discard(vfsd, mount);
}

/* Did a copy come below something that was there before, and nothing else onto it? */
static bool slid_below(struct vfsd *vfsd, const struct mount *copy)
{
    const struct mount *above =
        copy->children == 1 && copy->root
            ? mount_at(vfsd, (struct spot){(struct mount *)copy, copy->root})
            : NULL;

    return above && !above->copy_of;
}

/* All is said: copies are mounts like others, or on failure they go. */
static void finish(struct vfsd *vfsd, bool failed)
{
    bool again;

    do {
        again = false;
        LIST_FOR_EACH(it, &vfsd->mounts)
        {
            struct mount *m = LIST_ENTRY(it, struct mount, link);

            if (!failed || !m->copy_of) {
                m->fresh = false;
                m->copy_of = NULL;
            } else if (!m->children || slid_below(vfsd, m)) {
                take_out(vfsd, m);
                again = true;
                break;
            }
        }
    } while (again);
}

int32_t propagate_mount(struct vfsd *vfsd, struct mount *top)
{
    struct mount *origin = top->parent;
    int32_t error = 0;

    if (!origin->group)
        return 0;
    for (struct mount *m = top; m; m = mount_next(vfsd, top, m)) {
        m->fresh = true;
        if (!m->group)
            m->group = ++vfsd->next_group;
    }
    reach(vfsd, origin);
    for (struct mount *at = origin->next_reached; at && !error; at = at->next_reached)
        if (shows(at, top->point))
            error = copy_to(vfsd, top, at);
    if (!error)
        error = copy_below(vfsd, top);
    finish(vfsd, error);
    return error;
}

/*
 * What goes with `m` from a mount that its end reaches: the one that stands at the same point, unless something
 * stands on it (but for one that covers it wholly, and will take its place).
 */
static struct mount *goes_with(struct vfsd *vfsd, const struct mount *m, struct mount *at)
{
    struct mount *other = mount_at(vfsd, (struct spot){at, m->point});

    if (!other || other == m || other->children > 1)
        return NULL;
    if (other->children && !(other->root && mount_at(vfsd, (struct spot){other, other->root})))
        return NULL;
    return other;
}

bool propagate_busy(struct vfsd *vfsd, struct mount *mount)
{
    reach(vfsd, mount->parent);
    for (struct mount *at = mount->parent->next_reached; at; at = at->next_reached) {
        const struct mount *other = goes_with(vfsd, mount, at);

        if (other && !other->children && other->nodes)
            return true;
    }
    return false;
}

/* Takes away what `reached` (for the while: to be taken) marks. */
static void take_marked(struct vfsd *vfsd)
{
    bool again;

    do {
        again = false;
        LIST_FOR_EACH(it, &vfsd->mounts)
        {
            struct mount *m = LIST_ENTRY(it, struct mount, link);

            if (m->reached) {
                m->reached = false;
                take_out(vfsd, m);
                again = true;
                break;
            }
        }
    } while (again);
}

void propagate_unmount(struct vfsd *vfsd, struct mount *mount)
{
    bool last;

    do {
        struct mount *leaf = mount, *next, *parent;

        while ((next = mount_next(vfsd, leaf, leaf)))
            leaf = next;
        last = leaf == mount;
        parent = leaf->parent;
        reach(vfsd, parent);
        for (struct mount *at = parent->next_reached; at; at = at->next_reached) {
            struct mount *other = goes_with(vfsd, leaf, at);

            if (other && other != mount)
                other->reached = true;
        }
        take_marked(vfsd);
        mount_detach_leaf(vfsd, leaf);
    } while (!last);
}

void propagate_leave(struct vfsd *vfsd, struct mount *mount)
{
    uint32_t group = mount->group, master = mount->master;

    mount->group = mount->master = 0;
    if (!group)
        return;
    LIST_FOR_EACH(it, &vfsd->mounts)
    if (LIST_ENTRY(it, struct mount, link)->group == group)
        return;
    LIST_FOR_EACH(it, &vfsd->mounts)
    {
        struct mount *x = LIST_ENTRY(it, struct mount, link);

        if (x->master == group)
            x->master = master;
    }
}

void propagate_change(struct vfsd *vfsd, struct mount *mount, uint32_t kind)
{
    uint32_t group = mount->group, master = mount->master;
    bool peers = false;

    if (kind == VFS_MOUNT_KIND_SHARED) {
        mount->unbindable = false;
        if (!group)
            mount->group = ++vfsd->next_group;
        return;
    }
    LIST_FOR_EACH(it, &vfsd->mounts)
    peers |= LIST_ENTRY(it, struct mount, link) != mount &&
             LIST_ENTRY(it, struct mount, link)->group == group;
    propagate_leave(vfsd, mount);
    if (kind == VFS_MOUNT_KIND_SLAVE)
        mount->master = group && peers ? group : master;
    mount->unbindable = kind == VFS_MOUNT_KIND_UNBINDABLE;
}
