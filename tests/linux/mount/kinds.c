/*
 * Shared, private, slave, unbindable.
 */
#include "mounts.h"

/* "a" is a shared tmpfs, "b" a bind of it: peers. */
static void peers(void)
{
    begin();
    tmpfs("a", "");
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mkdir("a/x", 0755));
    CHECK_OK(mount("", "a", NULL, MS_SHARED, NULL));
    CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
}

TEST(mount, mounts_appear_on_all_peers)
{
    peers();
    CHECK_NE(tag("a", "shared:"), 0);
    CHECK_EQ(tag("a", "shared:"), tag("b", "shared:"));
    tmpfs("a/x", "");
    touch("a/x/f");
    CHECK(there("b/x/f"));
    CHECK_NE(tag("a/x", "shared:"), 0);
    CHECK_EQ(tag("a/x", "shared:"), tag("b/x", "shared:"));
    CHECK_NE(tag("a/x", "shared:"), tag("a", "shared:"));
}

TEST(mount, unmounts_happen_on_all_peers)
{
    peers();
    tmpfs("b/x", "");
    touch("b/x/f");
    CHECK(there("a/x/f"));
    CHECK_OK(umount("a/x"));
    CHECK(!there("b/x/f"));
    CHECK_EQ(*info("b/x"), 0);
}

TEST(mount, a_busy_peer_keeps_all)
{
    int fd;

    peers();
    tmpfs("a/x", "");
    fd = CHECK_FD(open("b/x", O_RDONLY));
    CHECK_ERR(umount("a/x"), EBUSY);
    close(fd);
    CHECK_OK(umount("a/x"));
}

TEST(mount, detaching_happens_on_all_peers)
{
    int fd;

    peers();
    tmpfs("a/x", "");
    tmpfs("a/x/y", "");
    CHECK(*info("b/x/y"));
    fd = CHECK_FD(open("b/x", O_RDONLY));
    CHECK_OK(umount2("a/x", MNT_DETACH));
    CHECK_EQ(*info("b/x"), 0);
    CHECK_EQ(*info("b/x/y"), 0);
    close(fd);
}

TEST(mount, a_private_mount_keeps_to_itself)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_PRIVATE, NULL));
    CHECK_EQ(tag("b", "shared:"), 0);
    tmpfs("a/x", "");
    touch("a/x/f");
    CHECK(!there("b/x/f"));
    CHECK_OK(umount("a/x"));
    tmpfs("b/x", "");
    touch("b/x/f");
    CHECK(!there("a/x/f"));
}

TEST(mount, a_slave_gets_and_does_not_give)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_SLAVE, NULL));
    CHECK_EQ(tag("b", "shared:"), 0);
    CHECK_EQ(tag("b", "master:"), tag("a", "shared:"));
    tmpfs("a/x", "");
    touch("a/x/f");
    CHECK(there("b/x/f"));
    CHECK_EQ(tag("b/x", "master:"), tag("a/x", "shared:"));
    CHECK_EQ(tag("b/x", "shared:"), 0);
    CHECK_OK(umount("b/x"));
    CHECK(there("a/x/f"));
    CHECK_OK(umount("a/x"));
    tmpfs("b/x", "");
    touch("b/x/g");
    CHECK(!there("a/x/g"));
}

TEST(mount, unmounting_reaches_a_slave)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_SLAVE, NULL));
    tmpfs("a/x", "");
    CHECK(*info("b/x"));
    CHECK_OK(umount("a/x"));
    CHECK_EQ(*info("b/x"), 0);
}

TEST(mount, a_slave_can_be_shared_as_well)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_SLAVE, NULL));
    CHECK_OK(mount("", "b", NULL, MS_SHARED, NULL));
    CHECK_NE(tag("b", "shared:"), 0);
    CHECK_NE(tag("b", "shared:"), tag("a", "shared:"));
    CHECK_EQ(tag("b", "master:"), tag("a", "shared:"));
    CHECK_OK(mkdir("c", 0755));
    CHECK_OK(mount("b", "c", NULL, MS_BIND, NULL));
    CHECK_EQ(tag("c", "shared:"), tag("b", "shared:"));
    CHECK_EQ(tag("c", "master:"), tag("a", "shared:"));
    tmpfs("a/x", "");
    CHECK(*info("b/x"));
    CHECK(*info("c/x"));
    CHECK_EQ(tag("c/x", "shared:"), tag("b/x", "shared:"));
    CHECK_EQ(tag("c/x", "master:"), tag("a/x", "shared:"));
    CHECK_OK(umount("c/x"));
    CHECK_EQ(*info("b/x"), 0);
    CHECK(*info("a/x"));
}

TEST(mount, a_slave_of_a_slave_gets_too)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_SLAVE, NULL));
    CHECK_OK(mount("", "b", NULL, MS_SHARED, NULL));
    CHECK_OK(mkdir("c", 0755));
    CHECK_OK(mount("b", "c", NULL, MS_BIND, NULL));
    CHECK_OK(mount("", "c", NULL, MS_SLAVE, NULL));
    CHECK_EQ(tag("c", "master:"), tag("b", "shared:"));
    tmpfs("a/x", "");
    CHECK(*info("c/x"));
    CHECK_EQ(tag("c/x", "master:"), tag("b/x", "shared:"));
    CHECK_OK(umount("a/x"));
    CHECK_EQ(*info("c/x"), 0);
}

TEST(mount, who_loses_his_master_gets_his_masters)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_SLAVE, NULL));
    CHECK_OK(mount("", "b", NULL, MS_SHARED, NULL));
    CHECK_OK(mkdir("c", 0755));
    CHECK_OK(mount("b", "c", NULL, MS_BIND, NULL));
    CHECK_OK(mount("", "c", NULL, MS_SLAVE, NULL));
    CHECK_OK(umount("b"));
    CHECK_EQ(tag("c", "master:"), tag("a", "shared:"));
    tmpfs("a/x", "");
    CHECK(*info("c/x"));
}

TEST(mount, a_slave_without_peers_is_private)
{
    begin();
    tmpfs("a", "");
    CHECK_OK(mount("", "a", NULL, MS_SHARED, NULL));
    CHECK_OK(mount("", "a", NULL, MS_SLAVE, NULL));
    CHECK_EQ(tag("a", "shared:"), 0);
    CHECK_EQ(tag("a", "master:"), 0);
}

TEST(mount, an_unbindable_mount_is_not_bound)
{
    begin();
    CHECK_OK(mkdir("p", 0755));
    tmpfs("p/a", "");
    tmpfs("p/b", "");
    CHECK_OK(mkdir("q", 0755));
    CHECK_OK(mount("", "p/a", NULL, MS_UNBINDABLE, NULL));
    CHECK(strstr(info("p/a"), " unbindable - "));
    CHECK_ERR(mount("p/a", "q", NULL, MS_BIND, NULL), EINVAL);
    CHECK_OK(mount("p", "q", NULL, MS_BIND | MS_REC, NULL));
    CHECK_EQ(*info("q/a"), 0);
    CHECK(*info("q/b"));
    CHECK_OK(mount("", "p/a", NULL, MS_SHARED, NULL));
    CHECK(!strstr(info("p/a"), "unbindable"));
}

TEST(mount, an_unbindable_mount_is_not_moved_to_a_shared_one)
{
    begin();
    tmpfs("a", "");
    tmpfs("s", "");
    CHECK_OK(mkdir("s/x", 0755));
    CHECK_OK(mount("", "s", NULL, MS_SHARED, NULL));
    CHECK_OK(mount("", "a", NULL, MS_UNBINDABLE, NULL));
    CHECK_ERR(mount("a", "s/x", NULL, MS_MOVE, NULL), EINVAL);
}

TEST(mount, kinds_are_set_one_at_a_time_on_mounts)
{
    begin();
    tmpfs("a", "");
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERR(mount("", "a", NULL, MS_SHARED | MS_PRIVATE, NULL), EINVAL);
    CHECK_ERR(mount("", "a", NULL, MS_SHARED | MS_RDONLY, NULL), EINVAL);
    CHECK_ERR(mount("", "d", NULL, MS_SHARED, NULL), EINVAL);
    CHECK_ERR(mount("", "missing", NULL, MS_SHARED, NULL), ENOENT);
    CHECK_OK(mount("", "a", NULL, MS_SHARED | MS_SILENT, NULL));
}

TEST(mount, kinds_are_set_for_a_whole_tree)
{
    begin();
    tmpfs("a", "");
    tmpfs("a/m", "");
    tmpfs("a/m/n", "");
    CHECK_OK(mount("", "a", NULL, MS_SHARED | MS_REC, NULL));
    CHECK_NE(tag("a", "shared:"), 0);
    CHECK_NE(tag("a/m", "shared:"), 0);
    CHECK_NE(tag("a/m/n", "shared:"), 0);
    CHECK_NE(tag("a/m", "shared:"), tag("a", "shared:"));
    CHECK_OK(mount("", "a", NULL, MS_PRIVATE | MS_REC, NULL));
    CHECK_EQ(tag("a/m/n", "shared:"), 0);
}

TEST(mount, a_tree_bound_onto_a_shared_mount_appears_on_its_peers)
{
    peers();
    tmpfs("t", "");
    tmpfs("t/u", "");
    touch("t/u/f");
    CHECK_OK(mount("t", "a/x", NULL, MS_BIND | MS_REC, NULL));
    CHECK(there("b/x/u/f"));
    CHECK_NE(tag("a/x/u", "shared:"), 0);
    CHECK_EQ(tag("a/x/u", "shared:"), tag("b/x/u", "shared:"));
    CHECK_EQ(tag("t/u", "shared:"), 0);
}

TEST(mount, a_tree_moved_onto_a_shared_mount_appears_on_its_peers)
{
    peers();
    tmpfs("t", "");
    tmpfs("t/u", "");
    touch("t/u/f");
    CHECK_OK(mount("t", "a/x", NULL, MS_MOVE, NULL));
    CHECK(there("a/x/u/f"));
    CHECK(there("b/x/u/f"));
    CHECK_EQ(tag("a/x/u", "shared:"), tag("b/x/u", "shared:"));
}

TEST(mount, a_peer_that_does_not_show_the_place_gets_nothing)
{
    begin();
    tmpfs("a", "");
    CHECK_OK(mkdir("a/x", 0755));
    CHECK_OK(mkdir("a/y", 0755));
    CHECK_OK(mkdir("a/x/z", 0755));
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("", "a", NULL, MS_SHARED, NULL));
    CHECK_OK(mount("a/x", "b", NULL, MS_BIND, NULL));
    tmpfs("a/y", "");
    tmpfs("a/x/z", "");
    CHECK(*info("b/z"));
    CHECK_EQ(*info("b/y"), 0);
}

TEST(mount, what_was_there_before_covers_what_comes_by_sharing)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_SLAVE, NULL));
    tmpfs("b/x", "");
    touch("b/x/first");
    tmpfs("a/x", "");
    touch("a/x/second");
    CHECK(there("b/x/first"));
    CHECK_OK(umount("b/x"));
    CHECK(there("b/x/second"));
}

TEST(mount, unmounting_below_what_covers_leaves_that)
{
    peers();
    CHECK_OK(mount("", "b", NULL, MS_SLAVE, NULL));
    tmpfs("b/x", "");
    touch("b/x/first");
    tmpfs("a/x", "");
    CHECK_OK(umount("a/x"));
    CHECK(there("b/x/first"));
    CHECK_OK(umount("b/x"));
    CHECK_EQ(*info("b/x"), 0);
}

TEST(mount, a_shared_tree_bound_into_itself_ends)
{
    begin();
    tmpfs("a", "");
    CHECK_OK(mkdir("a/x", 0755));
    CHECK_OK(mount("", "a", NULL, MS_SHARED, NULL));
    CHECK_OK(mount("a", "a/x", NULL, MS_BIND | MS_REC, NULL));
    CHECK(*info("a/x"));
    CHECK_EQ(*info("a/x/x"), 0);
    CHECK_OK(umount("a/x"));
    CHECK_EQ(*info("a/x"), 0);
}
