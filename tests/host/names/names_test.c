/*
 * The name cache against vfsd, with two sessions: one looks through the cache, the other changes things, also in
 * the middle of a look-up. Whatever the cache says, vfsd would have said it then.
 */
#include "../consoled/tap.h"
#include "../vfsd/world.h"
#include "client.h"
#include "fake_session.h"

#include <stdlib.h>

#define WANTS_MAX 8u

static const struct vfs_cred *const creds[] = {&world_root, &world_user};

static void begin(void)
{
    static bool started;

    world_begin(false);
    if (session_create(&world_vfsd, &world_vfsd.user, false, &fake_session))
        abort();
    if (!started)
        client_start();
    started = true;
    fake_calls = 0;
    fake_between = NULL;
}

/* Everything that was kept is given back. */
static bool end(void)
{
    bool clean;

    client_shrink(true);
    clean = client_inodes() == 0 && fake_session->live == 1;
    session_free(fake_session);
    return world_end() && clean;
}

/* The truth: what vfsd says to the first session itself. */
static int32_t truth(const char *path, uint32_t how, const struct vfs_cred *who,
                     struct vfs_attr *found)
{
    const struct vfs_place from = {1, 1};
    struct rest rest = {(char[8]){0}, 8, 0};

    memset(found, 0, sizeof *found);
    return tree_stat(fake_session, (struct tree_path){&from, path, strlen(path)}, how, who, found,
                     &rest);
}

static bool same(int32_t a, const struct vfs_attr *x, int32_t b, const struct vfs_attr *y)
{
    return a == b && (a || !memcmp(x, y, sizeof *x));
}

TEST(a_second_stat_or_open_does_not_call)
{
    struct vfs_attr found;
    void *inode;

    begin();
    CHECK_EQ(w_mkdir("/d"), 0);
    CHECK_EQ(w_file("/d/f"), 0);
    CHECK_EQ(client_stat("/d/f", 0, &world_user, &found), 0);
    CHECK_EQ(client_stat("/d/none", 0, &world_user, &found), VFS_ERROR_NOENT);
    CHECK_EQ(fake_calls, 2);
    CHECK_EQ(client_stat("/d/f", 0, &world_user, &found), 0);
    CHECK_EQ(client_stat("/d/none", 0, &world_user, &found), VFS_ERROR_NOENT);
    CHECK_EQ(client_open("/d/none", VFS_WALK_READ, &world_user, &inode), VFS_ERROR_NOENT);
    CHECK_EQ(fake_calls, 2);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(client_open("/d/f", VFS_WALK_READ, &world_user, &inode), 0);
        client_close(inode);
    }
    CHECK_EQ(fake_calls, 3);
    /* Permission that was not asked for before is asked for; another user asks for himself. */
    CHECK_EQ(client_open("/d/f", VFS_WALK_WRITE, &world_user, &inode), VFS_ERROR_ACCES);
    CHECK_EQ(client_open("/d/f", VFS_WALK_WRITE, &world_root, &inode), 0);
    client_close(inode);
    CHECK(end());
}

TEST(written_and_read_pages_show_at_once)
{
    struct vfs_attr found, real;
    jg_handle_t pages;
    void *inode;
    char c = 'x';

    begin();
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(client_open("/f", VFS_WALK_READ | VFS_WALK_WRITE, &world_root, &inode), 0);
    pages = client_pages(inode);
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(host_write(pages, (uint64_t)i * 1000, &c, 1), 0);
        if (i % 3 == 0)
            CHECK_EQ(host_read(pages, 0, &c, 1), 0);
        if (i % 5 == 0)
            continue;
        CHECK_EQ(client_stat("/f", 0, &world_root, &found), 0);
        CHECK_EQ(found.size, i * 1000 + 1);
        CHECK_EQ(truth("/f", 0, &world_root, &real), 0);
        CHECK(same(0, &found, 0, &real));
        CHECK_EQ(client_attr(inode, &found), 0);
        CHECK(same(0, &found, 0, &real));
    }
    CHECK(fake_calls < 60);
    client_close(inode);
    CHECK(end());
}

TEST(what_was_removed_is_given_back_at_once)
{
    void *inode;

    begin();
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_link("/f", "/g"), 0);
    CHECK_EQ(client_open("/f", VFS_WALK_READ, &world_root, &inode), 0);
    client_close(inode);
    CHECK_EQ(client_inodes(), 1);
    CHECK_EQ(w_unlink("/f"), 0);
    CHECK(world_gone.held == false); /* /g is left */
    client_gone(world_gone.word);
    CHECK_EQ(client_inodes(), 0);
    CHECK_EQ(client_open("/g", VFS_WALK_READ, &world_root, &inode), 0);
    CHECK_EQ(w_unlink("/g"), 0);
    CHECK(world_gone.held);
    client_gone(world_gone.word);
    CHECK_EQ(client_inodes(), 1); /* open */
    client_close(inode);
    CHECK_EQ(client_inodes(), 0);
    CHECK(end());
}

/* Random changes by the second session over a small set of names. */

static uint64_t state;
static unsigned changes;

static unsigned pick(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 20) % n;
}

static const char *any_path(void)
{
    static const char *const path[] = {
        "/a",    "/b",   "/a/f", "/a/g",      "/b/f",      "/b/g",      "/a/c",    "/a/c/f",
        "/l",    "/b/l", "/l/f", "/b/../a/f", "/a/c/../g", "/l/../b/f", "/b/l/f",  "/a/",
        "/a/f/", "/m",   "/m/f", "/m/../a/g", "/.",        "/a/c/g",    "/none/f", "/b/./g",
    };

    return path[pick(sizeof path / sizeof *path)];
}

static const char *any_of(const char *const *name, unsigned n)
{
    return name[pick(n)];
}

#define ANY(...)                                                                                   \
    any_of((const char *const[]){__VA_ARGS__},                                                     \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define FILES "/a/f", "/a/g", "/b/f", "/b/g", "/a/c/f", "/m/f"

static void change_pages(const char *path)
{
    jg_handle_t pages;
    uint64_t node;
    char c = 'x';

    if (w_open(path, 0, 0, &node))
        return;
    if ((world_attr.mode & MODE_TYPE) == MODE_FILE && !w_pages(node, &pages)) {
        if (pick(2))
            host_write(pages, pick(20000), &c, 1);
        else
            host_read(pages, 0, &c, 0);
    }
    w_close(node);
}

static void change_times(const char *path)
{
    struct vfs_new_attr to = {.what = VFS_CHANGE_ATIME | VFS_CHANGE_MTIME,
                              .atime = pick(1000) * 1000000000ll,
                              .mtime = pick(1000) * 1000000000ll};
    uint64_t node;

    if (pick(2))
        to = (struct vfs_new_attr){.what = VFS_CHANGE_SIZE, .size = pick(9000)};
    if (w_open(path, 0, 0, &node))
        return;
    tree_setattr(world_session, node, &to, world_who);
    w_close(node);
}

static void change(void)
{
    static const uint32_t modes[] = {0, 0700, 0755, 0111, 0644, 0600};

    changes++;
    switch (pick(16)) {
    case 0:
        w_mkdir(ANY("/a", "/b", "/a/c", "/m", "/b/f"));
        break;
    case 1:
    case 2:
        w_file(ANY(FILES));
        break;
    case 3:
        w_unlink(ANY(FILES, "/l", "/b/l"));
        break;
    case 4:
        w_rmdir(ANY("/a", "/b", "/a/c", "/m", "/b/f"));
        break;
    case 5:
        w_rename(ANY("/a", "/b", "/a/c", FILES, "/l"), ANY("/a", "/b", "/a/c", FILES, "/l"), 0);
        break;
    case 6:
        w_rename(ANY("/a", "/b", FILES), ANY("/a/c", "/b", FILES), VFS_RENAME_HOW_EXCHANGE);
        break;
    case 7:
        w_symlink(ANY("a", "/b", "a/c", "b/f", "l", "none"), ANY("/l", "/b/l", "/a/f"));
        break;
    case 8:
        w_link(ANY(FILES), ANY(FILES, "/l"));
        break;
    case 9:
        w_chmod(ANY("/a", "/b", "/a/c", "/m", FILES), modes[pick(6)]);
        break;
    case 10:
        w_chown(ANY("/a", "/b", "/a/c", FILES), pick(2) * 1000, pick(2) * 1000);
        break;
    case 11:
        if (w_mount(ANY("/m", "/a", "/a/c"), VFS_FS_KIND_TMPFS, pick(2), ""))
            w_mount("/m", VFS_FS_KIND_TMPFS, VFS_MOUNT_FLAGS_REMOUNT | VFS_MOUNT_FLAGS_FILE_SYSTEM | pick(2), "");
        break;
    case 12:
        client_shrink(true); /* as linuxserver does before an unmount */
        w_unmount(ANY("/m", "/a", "/a/c"), pick(2) * 2);
        break;
    case 13:
    case 14:
        change_pages(ANY(FILES));
        break;
    default:
        change_times(ANY("/a", FILES));
        break;
    }
}

/* One that falls into the middle of a look-up: not one that would call the cache again. */
static void change_but_unmount(void)
{
    uint64_t before;

    do
        before = state;
    while (pick(16) == 12);
    state = before;
    change();
}

static bool check_stat(const char *path, uint32_t how, const struct vfs_cred *who, bool race)
{
    struct vfs_attr found, before, after;
    int32_t was = race ? truth(path, how, who, &before) : 0, said, is;

    if (race)
        fake_between = change_but_unmount;
    memset(&found, 0, sizeof found);
    said = client_stat(path, how, who, &found);
    if (race && fake_between)
        fake_between = NULL;
    is = truth(path, how, who, &after);
    if (same(said, &found, is, &after) || (race && same(said, &found, was, &before)))
        return true;
    printf("# change %u: stat %s how %x uid %u: said %d, is %d, was %d; mode %o/%o size %llu/%llu "
           "mtime %lld/%lld atime %lld/%lld\n",
           changes, path, how, who->uid, said, is, was, found.mode, after.mode,
           (unsigned long long)found.size, (unsigned long long)after.size, (long long)found.mtime,
           (long long)after.mtime, (long long)found.atime, (long long)after.atime);
    return false;
}

/* fstat() of an open file, and again when something was changed. */
static bool check_attr(void *inode, uint64_t node)
{
    struct vfs_attr found, real;
    bool good = true;

    for (int i = 0; i < 2 && good; i++) {
        good = !client_attr(inode, &found) && !tree_getattr(fake_session, node, &real) &&
               same(0, &found, 0, &real);
        change_but_unmount();
    }
    return good;
}

/* An open is granted when vfsd would grant it, and leads to the same file. */
static bool check_open(const char *path, uint32_t how, const struct vfs_cred *who)
{
    const struct vfs_place from = {1, 1};
    struct rest rest = {(char[8]){0}, 8, 0};
    struct vfs_attr real = {0};
    void *inode;
    int32_t is = tree_open(fake_session, (struct tree_path){&from, path, strlen(path)}, how, 0644,
                           who, &real, &rest);
    int32_t said = client_open(path, how, who, &inode);
    bool good = is == said;

    if (!said) {
        if (pick(3) == 0)
            (void)client_pages(inode);
        good = good && check_attr(inode, real.node);
        client_close(inode);
    }
    if (!is)
        session_close(fake_session, real.node, 1);
    if (!good)
        printf("# change %u: open %s how %x uid %u: said %d, is %d\n", changes, path, how, who->uid,
               said, is);
    return good;
}

/* One change in about `period` steps, and up to four looks in each. */
static void random_changes(uint64_t seed, unsigned steps, unsigned period)
{
    unsigned hits = 0, looks = 0;

    begin();
    state = seed;
    for (unsigned i = 0; i < steps; i++) {
        if (pick(period) == 0)
            change();
        if (pick(20) == 0)
            client_gone(world_gone.word);
        if (pick(200) == 0)
            client_shrink(false);
        for (unsigned n = pick(4); n > 0; n--) {
            uint32_t how = (pick(3) ? 0 : VFS_WALK_NOFOLLOW) | (pick(8) ? 0 : VFS_WALK_DIRECTORY);
            unsigned calls = fake_calls;

            CHECK(check_stat(any_path(), how, creds[pick(2)], pick(3) == 0));
            hits += fake_calls == calls;
            looks++;
        }
        if (pick(2))
            CHECK(check_open(any_path(),
                             pick(WANTS_MAX) * VFS_WALK_READ | (pick(3) ? 0 : VFS_WALK_NOFOLLOW),
                             creds[pick(2)]));
    }
    printf("# %u of %u looks were answered by the cache\n", hits, looks);
    CHECK(hits > looks / 16);
    CHECK(end());
}

TEST(nothing_stale_is_ever_used)
{
    for (uint64_t seed = 1; seed <= 20 && !tap_failed; seed++)
        random_changes(seed * 88172645463325252ull, 10000, seed % 2 ? 4 : 40);
}

TEST(the_cache_stays_bounded)
{
    char path[32];
    void *inode;

    begin();
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(path, sizeof path, "/file%u", i);
        CHECK_EQ(w_file(path), 0);
        CHECK_EQ(client_open(path, VFS_WALK_READ, &world_root, &inode), 0);
        client_close(inode);
    }
    CHECK(client_inodes() <= 1024);
    CHECK(client_inodes() > 256);
    client_shrink(false);
    CHECK(client_inodes() > 0); /* each create raised the word of the root, so most are stale */
    CHECK(end());
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* a test that failed may end the next one */
    return tap_main();
}
