/*
 * Extended attributes and watches against naive models: a table of values, and for each watch what must be heard of every
 * operation. Few names and random operations, among them the end of files that are watched.
 * `vfsd_test_watch SEED COUNT` repeats a run.
 */
#include "tap.h"
#include "world.h"

#include <watch.h>
#include <xattr.h>

#include <stdlib.h>

#define FILES   4u
#define NAMES   5u
#define TAGS    6u
#define ROOM    65536u
#define LONGEST 64u

static unsigned seed = 1, count = 60000;

static unsigned dice(unsigned sides)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % sides;
}

/* What the files' attributes should be; length -1: none. */
struct values {
    int length[NAMES];
    char value[NAMES][LONGEST];
    unsigned order[NAMES], used; /* newest first */
};

static const char *name_of(unsigned name)
{
    static const char *const names[NAMES] = {"trusted.a", "trusted.bb", "user.a", "user.ccc",
                                             "security.x"};

    return names[name];
}

static void forget(struct values *v, unsigned name)
{
    unsigned to = 0;

    for (unsigned i = 0; i < v->used; i++)
        if (v->order[i] != name)
            v->order[to++] = v->order[i];
    v->used = to;
    v->length[name] = -1;
}

static void check_list(struct values *v, uint64_t node, bool all)
{
    char wanted[256], got[256];
    size_t used = 0, size = 0;

    for (unsigned i = 0; i < v->used; i++) {
        const char *name = name_of(v->order[i]);

        if (!all && !strncmp(name, "trusted.", 8))
            continue;
        memcpy(wanted + used, name, strlen(name) + 1);
        used += strlen(name) + 1;
    }
    CHECK_EQ(tree_xattr_list(world_session, node, all, got, sizeof got, &size), 0);
    CHECK_EQ(size, used);
    CHECK_EQ(memcmp(wanted, got, used), 0);
}

static void set_one(struct values *v, uint64_t node)
{
    unsigned name = dice(NAMES), how = dice(4), length = dice(LONGEST);
    bool there = v->length[name] >= 0;
    char value[LONGEST];
    int32_t wanted = 0;

    memset(value, (int)dice(256), sizeof value);
    if (how == 3) {
        wanted = there ? 0 : VFS_ERROR_NODATA;
        CHECK_EQ(tree_xattr_set(world_session, node, VFS_XATTR_HOW_REMOVE, name_of(name),
                                strlen(name_of(name)), NULL, 0),
                 wanted);
        forget(v, name);
        return;
    }
    if (how == VFS_XATTR_HOW_CREATE && there)
        wanted = VFS_ERROR_EXIST;
    if (how == VFS_XATTR_HOW_REPLACE && !there)
        wanted = VFS_ERROR_NODATA;
    CHECK_EQ(tree_xattr_set(world_session, node, how, name_of(name), strlen(name_of(name)), value,
                            length),
             wanted);
    if (wanted)
        return;
    if (!there) {
        memmove(v->order + 1, v->order, v->used++ * sizeof *v->order);
        v->order[0] = name;
    }
    v->length[name] = (int)length;
    memcpy(v->value[name], value, length);
}

static void get_one(struct values *v, uint64_t node)
{
    unsigned name = dice(NAMES);
    const void *data;
    size_t size;
    int32_t error =
        tree_xattr_get(world_session, node, name_of(name), strlen(name_of(name)), &data, &size);

    CHECK_EQ(error, v->length[name] < 0 ? VFS_ERROR_NODATA : 0);
    if (error)
        return;
    CHECK_EQ(size, (size_t)v->length[name]);
    CHECK_EQ(memcmp(data, v->value[name], size), 0);
}

TEST(attributes_are_what_a_table_says)
{
    static struct values v[FILES];
    uint64_t node[FILES];
    char path[8];

    world_begin(false);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "/f%u", i);
        CHECK_EQ(w_open(path, VFS_WALK_CREATE, 0644, &node[i]), 0);
        for (unsigned k = 0; k < NAMES; k++)
            v[i].length[k] = -1;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned file = dice(FILES);

        switch (dice(4)) {
        case 0:
        case 1:
            set_one(&v[file], node[file]);
            break;
        case 2:
            get_one(&v[file], node[file]);
            break;
        default:
            check_list(&v[file], node[file], dice(2));
        }
    }
    for (unsigned i = 0; i < FILES; i++)
        CHECK_EQ(w_close(node[i]), 0);
    CHECK(world_end());
}

TEST(attributes_have_an_end)
{
    static char value[VFS_XATTR_MAX];
    char name[32];
    uint64_t node;
    int32_t error = 0;
    unsigned i;

    world_begin(false);
    CHECK_EQ(w_open("/f", VFS_WALK_CREATE, 0644, &node), 0);
    for (i = 0; !error && i < 1000; i++) {
        snprintf(name, sizeof name, "trusted.%u", i);
        error = tree_xattr_set(world_session, node, 0, name, strlen(name), value, sizeof value);
    }
    CHECK_EQ(error, VFS_ERROR_NOSPC);
    CHECK(i > 32);
    CHECK_EQ(tree_xattr_set(world_session, node, VFS_XATTR_HOW_REMOVE, "trusted.0", 9, NULL, 0), 0);
    CHECK_EQ(tree_xattr_set(world_session, node, 0, "trusted.0", 9, value, sizeof value), 0);
    CHECK_EQ(tree_xattr_set(world_session, node, 0, "", 0, value, 1), VFS_ERROR_INVAL);
    CHECK_EQ(tree_xattr_set(world_session, 77, 0, "a", 1, value, 1), VFS_ERROR_BADNODE);
    CHECK_EQ(w_close(node), 0);
    CHECK(world_end());
}

/* Which tags live, as far as was told. */
static bool alive[TAGS + 1];
static bool lost;

/* Takes what there is: nothing for a tag that is not watched or was said to have ended. */
static void drain(void)
{
    static _Alignas(8) uint8_t data[ROOM];
    size_t used, room = dice(4) ? sizeof data : 64 + dice(200);

    while ((used = notices_take(&world_session->notices, data, room))) {
        for (size_t at = 0; at < used;) {
            const struct vfs_notice *n = (const struct vfs_notice *)(data + at);

            CHECK(n->record_bytes >= sizeof *n && at + n->record_bytes <= used);
            CHECK(n->tag <= TAGS);
            if (!n->tag)
                lost = true;
            else if (!lost)
                CHECK(alive[n->tag]);
            if (n->mask & WATCH_IGNORED)
                alive[n->tag] = false;
            if (n->tag) /* what was lost has no name */
                CHECK_EQ(strlen((const char *)(n + 1)), n->name_len);
            at += n->record_bytes;
        }
    }
}

static void watch_something(const char *path)
{
    uint64_t node, tag = 1 + dice(TAGS);
    static const uint32_t masks[] = {WATCH_ALL, WATCH_CREATE | WATCH_DELETE, WATCH_ATTRIB,
                                     WATCH_ALL | WATCH_ONESHOT, WATCH_ALL | WATCH_EXCL_UNLINK};

    if (w_open(path, 0, 0, &node))
        return;
    drain();
    if (!tree_watch(world_session, node, tag, masks[dice(5)]))
        alive[tag] = true;
    CHECK_EQ(w_close(node), 0);
}

static void one_operation(void)
{
    static const char *const paths[] = {"/a", "/b", "/d", "/d/a", "/d/b", "/e", "/e/a", "/"};
    const char *path = paths[dice(8)], *other = paths[dice(7)];
    uint32_t interest, word;
    uint64_t node, stamp;

    switch (dice(12)) {
    case 0:
        w_file(path);
        break;
    case 1:
        w_mkdir(path);
        break;
    case 2:
        w_unlink(path);
        break;
    case 3:
        w_rmdir(path);
        break;
    case 4:
        w_rename(path, other, dice(2) ? 0 : VFS_RENAME_HOW_EXCHANGE);
        break;
    case 5:
        w_rename(path, other, VFS_RENAME_HOW_WHITEOUT);
        break;
    case 6:
        w_link(path, other);
        break;
    case 7:
        w_chmod(path, 0600 + dice(64));
        break;
    case 8:
        if (!w_open(path, 0, 0, &node)) {
            CHECK_EQ(tree_touch(world_session, node, 1u << dice(6), &interest, &word, &stamp), 0);
            if (dice(2))
                w_unlink(path);
            w_close(node);
        }
        break;
    case 9:
        drain();
        node = 1 + dice(TAGS);
        CHECK_EQ(tree_unwatch(world_session, node), alive[node] ? 0 : VFS_ERROR_INVAL);
        alive[node] = false;
        break;
    default:
        watch_something(path);
    }
}

TEST(watches_tell_of_what_lives)
{
    world_begin(false);
    for (unsigned i = 0; i < count; i++) {
        one_operation();
        if (!dice(5))
            drain();
    }
    drain();
    CHECK(!lost);
    CHECK(world_end());
}

TEST(what_nobody_takes_is_lost_and_said_to_be)
{
    world_begin(false);
    alive[1] = true;
    CHECK_EQ(tree_watch(world_session, 1, 1, WATCH_ALL), 0);
    for (unsigned i = 0; i < 20000; i++) {
        CHECK_EQ(w_file("/f"), 0);
        CHECK_EQ(w_unlink("/f"), 0);
    }
    drain();
    CHECK(lost);
    lost = false;
    CHECK_EQ(w_file("/f"), 0);
    drain();
    CHECK(!lost);
    CHECK(world_end());
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seed = (unsigned)atoi(argv[1]);
    if (argc > 2)
        count = (unsigned)atoi(argv[2]);
    printf("# seed %u, %u operations\n", seed, count);
    return tap_main();
}
