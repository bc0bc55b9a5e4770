/*
 * Binds, moves, and taking mounts away.
 */
#include "mounts.h"

TEST(mount, a_bind_shows_the_same_files)
{
    struct stat a, b;

    begin();
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    touch("a/f");
    CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
    CHECK_OK(stat("a/f", &a));
    CHECK_OK(stat("b/f", &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_EQ(a.st_dev, b.st_dev);
    touch("b/g");
    CHECK(there("a/g"));
}

TEST(mount, a_file_is_bound_onto_a_file)
{
    int fd;

    begin();
    touch("a");
    touch("b");
    CHECK_OK(mkdir("d", 0755));
    fd = CHECK_FD(open("a", O_WRONLY));
    CHECK_EQ(write(fd, "abc", 3), 3);
    close(fd);
    CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
    CHECK_STR(test_read_file("b", NULL), "abc");
    CHECK_ERR(unlink("b"), EBUSY);
    CHECK_ERR(rename("b", "c"), EBUSY);
    CHECK_ERR(mount("a", "d", NULL, MS_BIND, NULL), ENOTDIR);
    CHECK_ERR(mount("d", "a", NULL, MS_BIND, NULL), ENOTDIR);
    CHECK_OK(umount("b"));
    CHECK_STR(test_read_file("b", NULL), "");
}

TEST(mount, a_plain_bind_leaves_what_is_mounted_below)
{
    begin();
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    tmpfs("a/m", "");
    touch("a/m/f");
    CHECK_OK(mount("a", "b", NULL, MS_BIND, NULL));
    CHECK(there("b/m"));
    CHECK(!there("b/m/f"));
}

TEST(mount, a_recursive_bind_takes_what_is_mounted_below)
{
    begin();
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("b", 0755));
    tmpfs("a/m", "");
    tmpfs("a/m/n", "");
    touch("a/m/n/f");
    CHECK_OK(mount("a", "b", NULL, MS_BIND | MS_REC, NULL));
    CHECK(there("b/m/n/f"));
    CHECK_OK(umount("a/m/n"));
    CHECK(there("b/m/n/f"));
}

TEST(mount, a_recursive_bind_of_a_folder_takes_only_what_is_below_it)
{
    begin();
    CHECK_OK(mkdir("a", 0755));
    CHECK_OK(mkdir("a/x", 0755));
    CHECK_OK(mkdir("a/y", 0755));
    CHECK_OK(mkdir("b", 0755));
    tmpfs("a/x/m", "");
    tmpfs("a/y/m", "");
    touch("a/x/m/f");
    CHECK_OK(mount("a/x", "b", NULL, MS_BIND | MS_REC, NULL));
    CHECK(there("b/m/f"));
    CHECK_OK(umount("b/m"));
    CHECK_OK(umount("b"));
}

TEST(mount, a_recursive_bind_into_itself_ends)
{
    begin();
    CHECK_OK(mkdir("a", 0755));
    tmpfs("m", "");
    CHECK_OK(mount(".", "a", NULL, MS_BIND | MS_REC, NULL));
    CHECK(there("a/m"));
    CHECK(there("a/a"));
    CHECK(!there("a/a/a"));
    CHECK(*info("a/m"));
    CHECK_EQ(*info("a/a"), 0);
}

TEST(mount, binding_what_is_missing)
{
    begin();
    CHECK_OK(mkdir("a", 0755));
    CHECK_ERR(mount("missing", "a", NULL, MS_BIND, NULL), ENOENT);
    CHECK_ERR(mount("a", "missing", NULL, MS_BIND, NULL), ENOENT);
    CHECK_ERR(mount("", "a", NULL, MS_BIND, NULL), EINVAL);
    CHECK_ERR(mount(NULL, "a", NULL, MS_BIND, NULL), EINVAL);
}

TEST(mount, a_mount_is_moved)
{
    begin();
    tmpfs("a", "");
    tmpfs("a/m", "");
    touch("a/m/f");
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("a", "b", NULL, MS_MOVE, NULL));
    CHECK(there("b/m/f"));
    CHECK(!there("a/m"));
    CHECK_EQ(*info("a"), 0);
    CHECK(*info("b/m"));
}

TEST(mount, an_open_file_moves_along)
{
    char path[512], link[512];
    ssize_t n;
    int fd;

    begin();
    tmpfs("a", "");
    CHECK_OK(mkdir("b", 0755));
    fd = CHECK_FD(open("a/f", O_CREAT | O_RDWR, 0644));
    CHECK_OK(mount("a", "b", NULL, MS_MOVE, NULL));
    CHECK_EQ(write(fd, "x", 1), 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    n = readlink(path, link, sizeof link - 1);
    CHECK_GT(n, 0);
    link[n] = 0;
    CHECK(strstr(link, "/base/b/f"));
    close(fd);
}

TEST(mount, what_cannot_be_moved)
{
    begin();
    tmpfs("a", "");
    CHECK_OK(mkdir("a/below", 0755));
    CHECK_OK(mkdir("b", 0755));
    touch("f");
    CHECK_ERR(mount("b", "a", NULL, MS_MOVE, NULL), EINVAL);
    CHECK_ERR(mount("a/below", "b", NULL, MS_MOVE, NULL), EINVAL);
    CHECK_ERR(mount("a", "a/below", NULL, MS_MOVE, NULL), ELOOP);
    CHECK_ERR(mount("a", "f", NULL, MS_MOVE, NULL), EINVAL);
    CHECK_ERR(mount("a", "missing", NULL, MS_MOVE, NULL), ENOENT);
    CHECK_ERR(mount("missing", "b", NULL, MS_MOVE, NULL), ENOENT);
    CHECK(there("a/below"));
}

TEST(mount, a_mount_below_a_shared_one_is_not_moved)
{
    begin();
    tmpfs("p", "");
    tmpfs("p/a", "");
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("", "p", NULL, MS_SHARED, NULL));
    CHECK_ERR(mount("p/a", "b", NULL, MS_MOVE, NULL), EINVAL);
    CHECK_OK(mount("", "p", NULL, MS_PRIVATE, NULL));
    CHECK_OK(mount("p/a", "b", NULL, MS_MOVE, NULL));
}

TEST(mount, an_open_file_keeps_its_mount)
{
    int fd;

    begin();
    tmpfs("m", "");
    fd = CHECK_FD(open("m/f", O_CREAT | O_RDWR, 0644));
    CHECK_ERR(umount("m"), EBUSY);
    close(fd);
    CHECK_OK(umount("m"));
}

TEST(mount, a_working_folder_keeps_its_mount)
{
    pid_t pid;
    int p[2];
    char c;

    begin();
    tmpfs("m", "");
    CHECK_OK(pipe(p));
    pid = CHILD(CHECK_OK(chdir("m")); CHECK_EQ(write(p[1], "x", 1), 1); pause());
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_ERR(umount("m"), EBUSY);
    kill(pid, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
    CHECK_OK(umount("m"));
}

TEST(mount, a_mount_keeps_what_it_stands_on)
{
    begin();
    tmpfs("m", "");
    tmpfs("m/n", "");
    CHECK_ERR(umount("m"), EBUSY);
    CHECK_OK(umount("m/n"));
    CHECK_OK(umount("m"));
}

TEST(mount, umount_wants_a_mount_and_known_flags)
{
    begin();
    CHECK_OK(mkdir("d", 0755));
    touch("f");
    CHECK_ERR(umount("d"), EINVAL);
    CHECK_ERR(umount("f"), EINVAL);
    CHECK_ERR(umount("missing"), ENOENT);
    CHECK_ERR(umount2("d", 16), EINVAL);
    CHECK_ERR(umount2((char *)8, 0), EFAULT);
}

TEST(mount, detaching_leaves_the_open_files)
{
    char c;
    int fd;

    begin();
    tmpfs("m", "");
    tmpfs("m/n", "");
    fd = CHECK_FD(open("m/n/f", O_CREAT | O_RDWR, 0644));
    CHECK_EQ(write(fd, "x", 1), 1);
    CHECK_OK(umount2("m", MNT_DETACH));
    CHECK(!there("m/n"));
    CHECK_EQ(*info("m"), 0);
    CHECK_EQ(*info("m/n"), 0);
    CHECK_EQ(pread(fd, &c, 1, 0), 1);
    CHECK_EQ(c, 'x');
    close(fd);
}

TEST(mount, one_can_go_on_in_a_detached_mount)
{
    begin();
    tmpfs("m", "");
    CHECK_OK(chdir("m"));
    CHECK_OK(umount2("../m", MNT_DETACH));
    touch("f");
    CHECK(there("f"));
    CHECK_ERR(mount("none", ".", "tmpfs", 0, ""), EINVAL);
    CHECK_ERR(umount("."), EINVAL);
}

TEST(mount, an_unused_mount_expires_in_two_steps)
{
    begin();
    tmpfs("m", "");
    CHECK_ERR(umount2("m", MNT_EXPIRE), EAGAIN);
    CHECK_OK(umount2("m", MNT_EXPIRE));
    CHECK_EQ(*info("m"), 0);
}

TEST(mount, coming_to_a_mount_keeps_it_from_expiring)
{
    begin();
    tmpfs("m", "");
    touch("m/f");
    CHECK(there("m/f"));
    CHECK_ERR(umount2("m", MNT_EXPIRE), EAGAIN);
    CHECK(there("m/f"));
    CHECK_ERR(umount2("m", MNT_EXPIRE), EAGAIN);
    CHECK_OK(umount2("m", MNT_EXPIRE));
}

TEST(mount, what_is_busy_does_not_expire)
{
    int fd;

    begin();
    tmpfs("m", "");
    fd = CHECK_FD(open("m", O_RDONLY));
    CHECK_ERR(umount2("m", MNT_EXPIRE), EBUSY);
    close(fd);
    CHECK_ERR(umount2("m", MNT_EXPIRE | MNT_DETACH), EINVAL);
    CHECK_ERR(umount2("m", MNT_EXPIRE | MNT_FORCE), EINVAL);
}

TEST(mount, force_does_not_take_what_is_in_use)
{
    int fd;

    begin();
    tmpfs("m", "");
    fd = CHECK_FD(open("m", O_RDONLY));
    CHECK_ERR(umount2("m", MNT_FORCE), EBUSY);
    close(fd);
    CHECK_OK(umount2("m", MNT_FORCE));
}

TEST(mount, a_link_is_followed_unless_forbidden)
{
    begin();
    tmpfs("m", "");
    CHECK_OK(symlink("m", "l"));
    CHECK_ERR(umount2("l", UMOUNT_NOFOLLOW), EINVAL);
    CHECK_OK(umount2("l", 0));
    CHECK_EQ(*info("m"), 0);
}

TEST(mount, dotdot_leads_out_of_a_mount)
{
    struct stat a, b;

    begin();
    CHECK_OK(mkdir("d", 0755));
    tmpfs("d/m", "");
    CHECK_OK(stat("d", &a));
    CHECK_OK(stat("d/m/..", &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_EQ(a.st_dev, b.st_dev);
}

TEST(mount, getcwd_goes_through_mounts)
{
    char here[512];

    begin();
    CHECK_OK(mkdir("d", 0755));
    tmpfs("d/m", "");
    CHECK_OK(mkdir("d/m/e", 0755));
    CHECK_OK(chdir("d/m/e"));
    CHECK(getcwd(here, sizeof here));
    CHECK(strstr(here, "/base/d/m/e"));
}

TEST(mount, a_hundred_mounts_come_and_go)
{
    char path[32];

    begin();
    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof path, "m%d", i);
        tmpfs(path, "size=4k");
    }
    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof path, "m%d", i);
        CHECK_OK(umount(path));
        CHECK_OK(rmdir(path));
    }
}

TEST(mount, pivot_root_swaps_the_roots)
{
    begin();
    tmpfs("r", "");
    tmpfs("r/new", "");
    CHECK_OK(mkdir("r/new/old", 0755));
    touch("r/below");
    touch("r/new/inside");
    CHECK_IN_CHILD({
        CHECK_OK(chroot("r"));
        CHECK_OK(chdir("/"));
        CHECK_OK(syscall(SYS_pivot_root, "new", "new/old"));
        CHECK(there("/inside"));
        CHECK(there("/old/below"));
        CHECK(there("inside"));
        CHECK_OK(umount2("/old", MNT_DETACH));
        CHECK(!there("/old/below"));
    });
}

TEST(mount, pivot_root_moves_others_along)
{
    int p[2], q[2];
    pid_t pid;
    char c;

    begin();
    tmpfs("r", "");
    tmpfs("r/new", "");
    CHECK_OK(mkdir("r/new/old", 0755));
    touch("r/new/inside");
    CHECK_OK(pipe(p));
    CHECK_OK(pipe(q));
    pid = CHILD({
        CHECK_OK(chroot("r"));
        CHECK_OK(chdir("/"));
        CHECK_EQ(write(p[1], "x", 1), 1);
        CHECK_EQ(read(q[0], &c, 1), 1);
        CHECK(there("/inside"));
        CHECK(there("inside"));
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_IN_CHILD(CHECK_OK(chroot("r")); CHECK_OK(chdir("/"));
                   CHECK_OK(syscall(SYS_pivot_root, "new", "new/old")));
    CHECK_EQ(write(q[1], "x", 1), 1);
    CHECK_EXIT(pid, 0);
}

TEST(mount, what_pivot_root_refuses)
{
    begin();
    tmpfs("r", "");
    tmpfs("r/new", "");
    CHECK_OK(mkdir("r/new/old", 0755));
    CHECK_OK(mkdir("r/plain", 0755));
    CHECK_OK(mkdir("r/plain/old", 0755));
    touch("r/f");
    CHECK_IN_CHILD({
        CHECK_OK(chroot("r"));
        CHECK_OK(chdir("/"));
        CHECK_ERR(syscall(SYS_pivot_root, "plain", "plain/old"), EBUSY);
        CHECK_ERR(syscall(SYS_pivot_root, "new", "plain"), EBUSY);
        CHECK_ERR(syscall(SYS_pivot_root, "new/old", "new/old"), EINVAL);
        CHECK_ERR(syscall(SYS_pivot_root, "f", "new/old"), ENOTDIR);
        CHECK_ERR(syscall(SYS_pivot_root, "missing", "new/old"), ENOENT);
        CHECK_ERR(syscall(SYS_pivot_root, ".", "new/old"), EBUSY);
        CHECK_OK(setuid(1000));
        CHECK_ERR(syscall(SYS_pivot_root, "new", "new/old"), EPERM);
    });
}

TEST(mount, chroot_holds)
{
    struct stat a, b;

    begin();
    CHECK_OK(mkdir("r", 0755));
    CHECK_OK(mkdir("r/sub", 0755));
    CHECK_OK(symlink("/sub", "r/link"));
    CHECK_IN_CHILD({
        CHECK_OK(chroot("r"));
        CHECK_OK(chdir("/"));
        CHECK_OK(stat("/", &a));
        CHECK_OK(stat("/../../..", &b));
        CHECK_EQ(a.st_ino, b.st_ino);
        CHECK_OK(stat("link", &a));
        CHECK_OK(stat("sub", &b));
        CHECK_EQ(a.st_ino, b.st_ino);
    });
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        CHECK_ERR(chroot("r"), EPERM);
    });
    CHECK_ERR(chroot("r/missing"), ENOENT);
}

TEST(mount, mounts_outside_of_a_chroot_are_not_told)
{
    char *text;

    begin();
    tmpfs("r", "");
    CHECK_OK(mkdir("r/proc", 0755));
    tmpfs("r/in", "");
    tmpfs("out", "");
    CHECK_IN_CHILD({
        CHECK_OK(mount("proc", "r/proc", "proc", 0, NULL));
        CHECK_OK(chroot("r"));
        CHECK_OK(chdir("/"));
        text = test_read_file("/proc/self/mountinfo", NULL);
        CHECK(strstr(text, " / / "));
        CHECK(strstr(text, " / /in "));
        CHECK(!strstr(text, "out"));
    });
}
