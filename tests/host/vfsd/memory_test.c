/*
 * No memory: each allocation of a scenario fails once; the call that needed it says so, changes
 * nothing, and nothing is lost.
 */
#include "tap.h"
#include "world.h"

#include <limits.h>

static bool fine(int32_t error)
{
    return !error || error == VFS_ERROR_NOMEM || error == VFS_ERROR_NOSPC;
}

/* Returns whether every call either worked or said that there is no memory. */
static bool scenario(void)
{
    char path[64];
    uint64_t node;
    bool good = true;

    good &= fine(w_mkdir("/a")) && fine(w_mkdir("/b"));
    for (int i = 0; i < 20; i++) {
        int32_t error;

        snprintf(path, sizeof path, "/a/%d", i);
        error = w_open(path, VFS_WALK_CREATE | VFS_WALK_WRITE, 0600, &node);
        good &= fine(error) || error == VFS_ERROR_NOENT; /* /a may be missing */
    }
    (void)w_symlink("target", "/a/l");
    (void)w_link("/a/1", "/b/1");
    (void)w_rename("/a/2", "/b/a-name-that-is-longer-than-before", 0);
    (void)w_rename("/a/3", "/b/1", VFS_RENAME_HOW_EXCHANGE);
    (void)w_mkdir("/b/m");
    (void)w_mount("/b/m", VFS_FS_KIND_TMPFS, 0, "size=1m");
    (void)w_file("/b/m/f");
    (void)tree_anonymous(world_session, 1, 0600, 0, world_who, &world_attr);
    (void)w_unlink("/a/1");
    return good;
}

TEST(every_allocation_may_fail)
{
    for (unsigned i = 0; i < 400; i++) {
        world_begin(false);
        host_fail_after(i);
        bool good = scenario();

        host_fail_after(UINT_MAX);
        CHECK(good);
        /* The world still works, and what was half made is not there. */
        CHECK(w_stat("/", 0) == 0);
        CHECK(w_mkdir("/again") == 0);
        CHECK(w_rmdir("/again") == 0);
        CHECK(world_end());
    }
}

TEST(making_the_trees_may_fail)
{
    for (unsigned i = 0; i < 100; i++) {
        int32_t error;

        world_begin(false);
        host_fail_after(i);
        error = trees_complete(&world_vfsd);
        host_fail_after(UINT_MAX);
        CHECK(fine(error));
        CHECK_EQ(trees_complete(&world_vfsd), 0);
        CHECK_EQ(w_stat("/dev/null", 0), 0);
        CHECK(world_end());
    }
}

int main(void)
{
    return tap_main();
}
