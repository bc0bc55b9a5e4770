/*
 * Mounts that appear in many places: random mounts, binds, moves, kinds and unmounts, with open nodes, failing
 * allocations and roots that are swapped. After each, what is counted is so; at the end nothing is left behind.
 * `vfsd_test_spread SEED COUNT` repeats a run.
 */
#include "tap.h"
#include "world.h"

#include <propagate.h>
#include <stdlib.h>

static unsigned seed = 1, steps = 30000;

static unsigned dice(unsigned sides)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % sides;
}

static const char *random_path(char path[16])
{
    unsigned depth = 1 + dice(3), n = 0;

    while (depth--) {
        path[n++] = '/';
        path[n++] = (char)('a' + dice(3));
    }
    path[n] = '\0';
    return path;
}

static int32_t mount_kind(const char *path, uint32_t kind, uint32_t how, uint32_t tag,
                          uint64_t node)
{
    struct mount_request request = {kind, how, tag, "s", "tmpfs", "", node};

    return tree_mount(world_session, (struct tree_path){&world_from, path, strlen(path)}, &request,
                      world_who);
}

static int32_t bind_path(const char *from, const char *to, uint32_t how)
{
    uint64_t node;
    int32_t error = w_open(from, 0, 0, &node);

    if (error)
        return error;
    error = mount_kind(to, VFS_FS_KIND_BIND, how, 0, node);
    w_close(node);
    return error;
}

/* Counts agree with the lists, and who is in a group or has a master has one that exists. */
static bool sound(void)
{
    unsigned count = 0;

    LIST_FOR_EACH(it, &world_vfsd.mounts)
    {
        struct mount *m = LIST_ENTRY(it, struct mount, link);
        unsigned children = 0, members = 0;

        LIST_FOR_EACH(at, &world_vfsd.mounts)
        {
            struct mount *x = LIST_ENTRY(at, struct mount, link);

            children += x->parent == m;
            members += x->group && x->group == m->master;
            if (x != m && x->parent && x->parent == m->parent && x->point == m->point)
                return false; /* two at one spot: one would never be seen */
        }
        if (children != m->children || m->fresh || m->reached || m->copy_of ||
            (m->master && !members))
            return false;
        if (m->parent && !m->parent->attached)
            return false;
        if (!m->attached && (m->group || m->master))
            return false;
        count++;
    }
    return count == world_vfsd.mount_count;
}

#define OPEN 6

static void step(uint64_t open[OPEN])
{
    static const uint32_t hows[] = {0, 0, 2, 4, 8};
    char a[16], b[16];
    unsigned what = dice(100), slot = dice(OPEN);
    struct tree_path from = {&world_from, random_path(a), strlen(a)};
    struct tree_path to = {&world_from, random_path(b), strlen(b)};

    if (what < 15)
        w_mkdir(a);
    else if (what < 30)
        mount_kind(a, VFS_FS_KIND_TMPFS, 0, 0, 0);
    else if (what < 45)
        bind_path(a, b, dice(2) ? VFS_MOUNT_FLAGS_RECURSIVE : 0);
    else if (what < 60)
        mount_kind(a, VFS_FS_KIND_KIND, dice(2) ? VFS_MOUNT_FLAGS_RECURSIVE : 0, 1 + dice(4), 0);
    else if (what < 70)
        tree_move_mount(world_session, from, to, world_who);
    else if (what < 90)
        w_unmount(a, hows[dice(5)]);
    else if (what < 93 && !open[slot])
        open[slot] = w_open(a, 0, 0, &open[slot]) ? 0 : open[slot];
    else if (what < 96 && open[slot])
        w_close(open[slot]), open[slot] = 0;
    else if (what < 98)
        mount_kind("/", VFS_FS_KIND_KIND, 0, 1 + dice(2), 0);
    else if (what < 99 && open[slot]) {
        world_from.root = open[slot];
        tree_pivot_root(world_session, from, to, world_who);
        world_from.root = 1;
    } else if (what < 100 && !dice(20)) {
        mount_kind("/", VFS_FS_KIND_KIND, VFS_MOUNT_FLAGS_RECURSIVE, VFS_MOUNT_KIND_PRIVATE, 0);
        while (!w_unmount("/a", 2) || !w_unmount("/b", 2) || !w_unmount("/c", 2))
            continue;
    }
}

TEST(mounts_spread_and_go_and_leave_nothing_behind)
{
    printf("# seed %u, %u operations\n", seed, steps);
    for (unsigned round = 0; round < 10; round++) {
        uint64_t open[OPEN] = {0};

        world_begin(false);
        for (unsigned i = 0; i < steps / 10; i++) {
            step(open);
            if (world_vfsd.mount_count > 120)
                while (!w_unmount("/a", 2) || !w_unmount("/b", 2) || !w_unmount("/c", 2))
                    continue;
            CHECK(sound());
        }
        CHECK(world_end());
    }
}

TEST(there_are_so_many_mounts_and_no_more)
{
    int32_t error = 0;

    world_begin(false);
    CHECK_EQ(w_mkdir("/a"), 0);
    CHECK_EQ(mount_kind("/", VFS_FS_KIND_KIND, 0, VFS_MOUNT_KIND_SHARED, 0), 0);
    for (unsigned i = 0; !error && i < 30; i++)
        error = bind_path("/", "/a", VFS_MOUNT_FLAGS_RECURSIVE);
    CHECK_EQ(error, VFS_ERROR_NOSPC);
    CHECK(sound());
    CHECK(world_end());
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seed = (unsigned)atoi(argv[1]);
    if (argc > 2)
        steps = (unsigned)atoi(argv[2]);
    return tap_main();
}
