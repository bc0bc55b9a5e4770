/*
 * openat2(2): its argument, and what each RESOLVE_* forbids.
 */
#include "test.h"

#include <sys/mount.h>

struct how {
    uint64_t flags, mode, resolve;
};

enum {
    NO_XDEV = 1,
    NO_MAGICLINKS = 2,
    NO_SYMLINKS = 4,
    BENEATH = 8,
    IN_ROOT = 16,
    CACHED = 32,
};

static int openat2_raw(int dir, const char *path, const void *how, size_t size)
{
    return (int)syscall(437, dir, path, how, size);
}

static int resolve(int dir, const char *path, uint64_t flags, uint64_t rules)
{
    struct how how = {flags, 0, rules};

    return openat2_raw(dir, path, &how, sizeof how);
}

/* Opens a folder for use as a start. */
static int folder(const char *path)
{
    return CHECK_FD(open(path, O_RDONLY | O_DIRECTORY));
}

/* top/in/file, top/outside, links in top/in. */
static int make_tree(void)
{
    CHECK_OK(mkdir("top", 0755));
    CHECK_OK(mkdir("top/in", 0755));
    CHECK_OK(mkdir("top/in/deep", 0755));
    close(test_file("top/in/file", "in", 2));
    close(test_file("top/outside", "out", 3));
    CHECK_OK(symlink("file", "top/in/near"));
    CHECK_OK(symlink("../outside", "top/in/up"));
    CHECK_OK(symlink("/file", "top/in/absolute"));
    CHECK_OK(symlink("deep", "top/in/way"));
    CHECK_OK(symlink("../file", "top/in/deep/back"));
    return folder("top/in");
}

static void check_reads(int fd, const char *wanted)
{
    char text[16] = "";

    CHECK_GE(fd, 0);
    CHECK_GE(read(fd, text, sizeof text - 1), 0);
    CHECK_STR(text, wanted);
    close(fd);
}

TEST(openat2, size_below_24_is_einval_and_above_a_page_e2big)
{
    struct how how = {O_RDONLY, 0, 0};
    static char big[8192];

    CHECK_ERR(openat2_raw(AT_FDCWD, ".", &how, 0), EINVAL);
    CHECK_ERR(openat2_raw(AT_FDCWD, ".", &how, 8), EINVAL);
    CHECK_ERR(openat2_raw(AT_FDCWD, ".", &how, 23), EINVAL);
    CHECK_FD(openat2_raw(AT_FDCWD, ".", &how, 24));
    CHECK_ERR(openat2_raw(AT_FDCWD, ".", big, 4097), E2BIG);
}

TEST(openat2, what_is_behind_the_known_fields_must_be_zero)
{
    static char big[4096];

    CHECK_FD(openat2_raw(AT_FDCWD, ".", big, 25));
    CHECK_FD(openat2_raw(AT_FDCWD, ".", big, 4096));
    big[24] = 1;
    CHECK_ERR(openat2_raw(AT_FDCWD, ".", big, 25), E2BIG);
    CHECK_FD(openat2_raw(AT_FDCWD, ".", big, 24));
    big[24] = 0;
    big[4095] = 1;
    CHECK_ERR(openat2_raw(AT_FDCWD, ".", big, 4096), E2BIG);
}

TEST(openat2, a_bad_pointer_is_efault)
{
    CHECK_ERR(openat2_raw(AT_FDCWD, ".", NULL, 24), EFAULT);
    CHECK_ERR(resolve(AT_FDCWD, NULL, O_RDONLY, 0), EFAULT);
}

TEST(openat2, unknown_flags_are_einval)
{
    CHECK_ERR(resolve(AT_FDCWD, ".", 1ull << 40, 0), EINVAL);
    CHECK_ERR(resolve(AT_FDCWD, ".", 1ull << 31, 0), EINVAL);
    CHECK_ERR(resolve(AT_FDCWD, ".", 0, 1 << 10), EINVAL);
    CHECK_ERR(resolve(AT_FDCWD, ".", 0, BENEATH | IN_ROOT), EINVAL);
    /* open() ignores what it does not know. */
    CHECK_FD((int)syscall(SYS_open, ".", 1u << 31, 0));
}

TEST(openat2, mode_is_for_those_who_create)
{
    struct how how = {O_RDONLY, 0644, 0};

    CHECK_ERR(openat2_raw(AT_FDCWD, ".", &how, sizeof how), EINVAL);
    how = (struct how){O_WRONLY | O_CREAT, 010644, 0};
    CHECK_ERR(openat2_raw(AT_FDCWD, "new", &how, sizeof how), EINVAL);
    how.mode = 07600;
    CHECK_FD(openat2_raw(AT_FDCWD, "new", &how, sizeof how));
    struct stat st;

    CHECK_OK(stat("new", &st));
    CHECK_EQ(st.st_mode & 07777, 07600);
}

TEST(openat2, o_path_goes_with_few_others)
{
    close(test_file("file", "", 0));
    CHECK_FD(resolve(AT_FDCWD, "file", O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
    CHECK_FD(resolve(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0));
    CHECK_ERR(resolve(AT_FDCWD, "file", O_PATH | O_RDWR, 0), EINVAL);
    CHECK_ERR(resolve(AT_FDCWD, "file", O_PATH | O_NONBLOCK, 0), EINVAL);
    CHECK_ERR(resolve(AT_FDCWD, "file", O_PATH | O_CREAT, 0), EINVAL);
}

TEST(openat2, tmpfile_needs_directory_and_write)
{
    CHECK_ERR(resolve(AT_FDCWD, ".", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0), EINVAL);
    CHECK_ERR(resolve(AT_FDCWD, ".", O_TMPFILE | O_RDONLY, 0), EINVAL);
    CHECK_ERR(resolve(AT_FDCWD, ".", O_TMPFILE | O_RDWR | O_CREAT, 0), EINVAL);
    CHECK_FD(resolve(AT_FDCWD, ".", O_TMPFILE | O_WRONLY, 0));
}

TEST(openat2, close_on_exec_is_set)
{
    int fd = CHECK_FD(resolve(AT_FDCWD, ".", O_CLOEXEC, 0));

    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(openat2, beneath_refuses_what_is_absolute)
{
    int dir = make_tree();

    CHECK_ERR(resolve(dir, "/", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERR(resolve(dir, "absolute", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERR(resolve(AT_FDCWD, "/etc", O_RDONLY, BENEATH), EXDEV);
}

TEST(openat2, beneath_refuses_to_leave_and_lets_one_go_up_inside)
{
    int dir = make_tree();

    CHECK_ERR(resolve(dir, "..", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERR(resolve(dir, "up", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERR(resolve(dir, "deep/../../in/file", O_RDONLY, BENEATH), EXDEV);
    check_reads(resolve(dir, "deep/../file", O_RDONLY, BENEATH), "in");
    check_reads(resolve(dir, "way/back", O_RDONLY, BENEATH), "in");
    check_reads(resolve(dir, "near", O_RDONLY, BENEATH), "in");
    CHECK_ERR(resolve(dir, "missing", O_RDONLY, BENEATH), ENOENT);
}

TEST(openat2, beneath_holds_for_the_root_itself)
{
    int dir = folder("/");

    CHECK_ERR(resolve(dir, "..", O_RDONLY, BENEATH), EXDEV);
    CHECK_FD(resolve(dir, "tmp/..", O_RDONLY, BENEATH));
}

TEST(openat2, beneath_of_the_working_folder)
{
    close(make_tree());
    CHECK_OK(chdir("top/in"));
    CHECK_ERR(resolve(AT_FDCWD, "../outside", O_RDONLY, BENEATH), EXDEV);
    check_reads(resolve(AT_FDCWD, "file", O_RDONLY, BENEATH), "in");
}

TEST(openat2, beneath_can_create)
{
    int dir = make_tree();
    struct how how = {O_RDWR | O_CREAT | O_EXCL, 0600, BENEATH};

    CHECK_FD(openat2_raw(dir, "deep/new", &how, sizeof how));
    CHECK_OK(access("top/in/deep/new", F_OK));
    CHECK_ERR(openat2_raw(dir, "../new", &how, sizeof how), EXDEV);
    CHECK_ERR(access("top/new", F_OK), ENOENT);
    CHECK_ERR(openat2_raw(dir, "file", &how, sizeof how), EEXIST);
}

TEST(openat2, in_root_makes_the_start_the_root)
{
    int dir = make_tree();

    check_reads(resolve(dir, "/file", O_RDONLY, IN_ROOT), "in");
    check_reads(resolve(dir, "absolute", O_RDONLY, IN_ROOT), "in");
    check_reads(resolve(dir, "../../file", O_RDONLY, IN_ROOT), "in");
    check_reads(resolve(dir, "deep/../../../file", O_RDONLY, IN_ROOT), "in");
    CHECK_ERR(resolve(dir, "up", O_RDONLY, IN_ROOT), ENOENT);
    CHECK_ERR(resolve(dir, "/etc", O_RDONLY, IN_ROOT), ENOENT);
}

TEST(openat2, in_root_of_the_working_folder_and_of_the_root)
{
    struct stat a, b;
    int fd;

    close(make_tree());
    CHECK_OK(chdir("top/in"));
    check_reads(resolve(AT_FDCWD, "/file", O_RDONLY, IN_ROOT), "in");
    fd = CHECK_FD(resolve(AT_FDCWD, "/", O_PATH, IN_ROOT));
    CHECK_OK(fstat(fd, &a));
    CHECK_OK(stat(".", &b));
    CHECK_EQ(a.st_ino, b.st_ino);
}

TEST(openat2, a_kept_answer_is_not_mixed_with_another_rules)
{
    int dir = make_tree();

    for (int i = 0; i < 3; i++) {
        check_reads(openat(dir, "up", O_RDONLY), "out");
        CHECK_ERR(resolve(dir, "up", O_RDONLY, BENEATH), EXDEV);
        check_reads(openat(dir, "near", O_RDONLY), "in");
        CHECK_ERR(resolve(dir, "near", O_RDONLY, NO_SYMLINKS), ELOOP);
        check_reads(resolve(dir, "near", O_RDONLY, BENEATH), "in");
        CHECK_ERR(resolve(dir, "absolute", O_RDONLY, 0), ENOENT);
        check_reads(resolve(dir, "absolute", O_RDONLY, IN_ROOT), "in");
    }
}

TEST(openat2, no_symlinks_refuses_all_of_them)
{
    int dir = make_tree();

    CHECK_ERR(resolve(dir, "near", O_RDONLY, NO_SYMLINKS), ELOOP);
    CHECK_ERR(resolve(dir, "way/back", O_PATH | O_NOFOLLOW, NO_SYMLINKS), ELOOP);
    CHECK_ERR(resolve(dir, "way/", O_RDONLY, NO_SYMLINKS), ELOOP);
    CHECK_FD(resolve(dir, "near", O_PATH | O_NOFOLLOW, NO_SYMLINKS));
    check_reads(resolve(dir, "file", O_RDONLY, NO_SYMLINKS), "in");
    CHECK_ERR(resolve(AT_FDCWD, "/proc/self/status", O_RDONLY, NO_SYMLINKS), ELOOP);
}

TEST(openat2, no_magiclinks_refuses_only_those_of_proc)
{
    char path[64];
    int dir = make_tree(), fd = CHECK_FD(openat(dir, "file", O_RDONLY));

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check_reads(resolve(AT_FDCWD, path, O_RDONLY, 0), "in");
    CHECK_ERR(resolve(AT_FDCWD, path, O_RDONLY, NO_MAGICLINKS), ELOOP);
    CHECK_ERR(resolve(AT_FDCWD, "/proc/self/cwd/x", O_RDONLY, NO_MAGICLINKS), ELOOP);
    CHECK_FD(resolve(AT_FDCWD, path, O_PATH | O_NOFOLLOW, NO_MAGICLINKS));
    CHECK_FD(resolve(AT_FDCWD, "/proc/self/status", O_RDONLY, NO_MAGICLINKS));
    check_reads(resolve(dir, "near", O_RDONLY, NO_MAGICLINKS), "in");
}

TEST(openat2, scopes_refuse_magic_links)
{
    int root = folder("/"), proc = folder("/proc");

    CHECK_ERR(resolve(root, "proc/self/cwd", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERR(resolve(root, "proc/self/root", O_RDONLY, IN_ROOT), EXDEV);
    CHECK_FD(resolve(root, "proc/self/status", O_RDONLY, BENEATH));
    CHECK_FD(resolve(proc, "self/status", O_RDONLY, BENEATH));
    CHECK_FD(resolve(proc, "/self/status", O_RDONLY, IN_ROOT));
    CHECK_ERR(resolve(proc, "..", O_RDONLY, BENEATH), EXDEV);
    CHECK_FD(resolve(proc, "../self/status", O_RDONLY, IN_ROOT));
    CHECK_ERR(resolve(proc, "/self/status", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERR(resolve(proc, "self/../../etc", O_RDONLY, BENEATH), EXDEV);
}

TEST(openat2, no_xdev_stays_on_one_mount)
{
    int root = folder("/");

    CHECK_OK(mkdir("mnt", 0755));
    CHECK_OK(mount("none", "mnt", "tmpfs", 0, ""));
    CHECK_OK(mkdir("mnt/sub", 0755));
    CHECK_OK(symlink("mnt", "link"));
    int mnt = folder("mnt");

    CHECK_ERR(resolve(AT_FDCWD, "mnt", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_ERR(resolve(AT_FDCWD, "mnt/sub", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_ERR(resolve(AT_FDCWD, "link", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_ERR(resolve(mnt, "..", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_ERR(resolve(mnt, "sub/../..", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_FD(resolve(mnt, "sub/..", O_RDONLY, NO_XDEV));
    CHECK_ERR(resolve(root, "proc", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_FD(resolve(AT_FDCWD, "/proc/..", O_PATH, 0));
    CHECK_ERR(resolve(AT_FDCWD, "/proc/..", O_PATH, NO_XDEV), EXDEV);
    CHECK_OK(umount2("mnt", MNT_DETACH));
}

TEST(openat2, no_xdev_refuses_an_absolute_link_from_another_mount)
{
    CHECK_OK(mkdir("mnt", 0755));
    CHECK_OK(mount("none", "mnt", "tmpfs", 0, ""));
    CHECK_OK(symlink("/etc", "mnt/absolute"));
    CHECK_OK(symlink("/etc", "absolute"));
    int mnt = folder("mnt");

    CHECK_ERR(resolve(mnt, "absolute", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_FD(resolve(AT_FDCWD, "/etc", O_RDONLY, NO_XDEV));
    CHECK_OK(umount2("mnt", MNT_DETACH));
    CHECK_OK(mkdir("etc", 0755));
    CHECK_IN_CHILD({
        CHECK_OK(chroot("."));
        CHECK_FD(resolve(AT_FDCWD, "/absolute", O_RDONLY, NO_XDEV));
        /* The root is as yet unknown when such a link is met on a relative path. */
        CHECK_ERR(resolve(AT_FDCWD, "absolute", O_RDONLY, NO_XDEV), EXDEV);
        CHECK_FD(resolve(AT_FDCWD, "../absolute", O_RDONLY, NO_XDEV));
    });
}

TEST(openat2, no_xdev_inside_proc)
{
    int proc = folder("/proc");

    CHECK_FD(resolve(proc, "self/status", O_RDONLY, NO_XDEV));
    CHECK_ERR(resolve(proc, "..", O_RDONLY, NO_XDEV), EXDEV);
    CHECK_ERR(resolve(proc, "self/cwd", O_RDONLY, NO_XDEV), EXDEV);
}

TEST(openat2, cached_is_eagain_for_what_creates_or_cuts)
{
    close(test_file("file", "abc", 3));
    CHECK_OK(access("file", F_OK));
    check_reads(resolve(AT_FDCWD, "file", O_RDONLY, CACHED), "abc");
    CHECK_ERR(resolve(AT_FDCWD, "file", O_WRONLY | O_TRUNC, CACHED), EAGAIN);
    CHECK_ERR(resolve(AT_FDCWD, "file", O_WRONLY | O_CREAT, CACHED), EAGAIN);
    CHECK_ERR(resolve(AT_FDCWD, ".", O_WRONLY | O_TMPFILE, CACHED), EAGAIN);
    CHECK_ERR(resolve(AT_FDCWD, "missing", O_RDONLY, CACHED), EAGAIN);
}

TEST(openat2, descriptors_that_are_no_folder)
{
    int fd = test_file("file", "", 0);

    CHECK_ERR(resolve(fd, "x", O_RDONLY, BENEATH), ENOTDIR);
    CHECK_ERR(resolve(fd, "/x", O_RDONLY, IN_ROOT), ENOTDIR);
    CHECK_ERR(resolve(-7, "x", O_RDONLY, BENEATH), EBADF);
    CHECK_ERR(resolve(-7, "/x", O_RDONLY, IN_ROOT), EBADF);
    CHECK_FD(resolve(-7, "/etc", O_RDONLY, 0));
    CHECK_ERR(resolve(AT_FDCWD, "", O_RDONLY, 0), ENOENT);
}

TEST(openat2, a_folder_that_is_moved_away_stays_beneath)
{
    int dir = make_tree();
    int deep = folder("top/in/deep");

    CHECK_OK(rename("top/in/deep", "top/deep"));
    CHECK_ERR(resolve(deep, "../in/file", O_RDONLY, BENEATH), EXDEV);
    CHECK_ERR(resolve(dir, "deep", O_RDONLY, BENEATH), ENOENT);
    CHECK_FD(resolve(deep, ".", O_RDONLY, BENEATH));
}

TEST(openat2, loops_are_eloop_under_every_rule)
{
    int dir;

    CHECK_OK(mkdir("in", 0755));
    CHECK_OK(symlink("loop", "in/loop"));
    dir = folder("in");
    CHECK_ERR(resolve(dir, "loop", O_RDONLY, BENEATH), ELOOP);
    CHECK_ERR(resolve(dir, "loop", O_RDONLY, IN_ROOT), ELOOP);
    CHECK_ERR(resolve(dir, "loop", O_RDONLY, NO_XDEV), ELOOP);
}
