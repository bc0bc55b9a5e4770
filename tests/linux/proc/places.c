/*
 * /proc as a tree: attributes, owners, permissions, threads, mounts.
 */
#include "procfs.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

static struct stat stat_of(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        FAIL("lstat %s", path);
    return st;
}

TEST(proc, the_root_is_inode_one)
{
    struct stat st = stat_of("/proc");
    struct statfs fs;

    CHECK_EQ(st.st_ino, 1);
    CHECK_EQ(st.st_mode, S_IFDIR | 0555);
    CHECK_EQ(st.st_size, 0);
    CHECK_EQ(st.st_uid, 0);
    CHECK_OK(statfs("/proc", &fs));
    CHECK_EQ(fs.f_type, 0x9fa0);
    CHECK_NE(st.st_dev, stat_of("/").st_dev);
    CHECK_EQ(stat_of("/proc/self/stat").st_dev, st.st_dev);
}

TEST(proc, links_of_the_root_follow_the_processes)
{
    nlink_t before = stat_of("/proc").st_nlink;
    pid_t a = IDLE_CHILD(), b = IDLE_CHILD();

    CHECK_EQ(stat_of("/proc").st_nlink, before + 2);
    end_child(a);
    end_child(b);
    CHECK_EQ(stat_of("/proc").st_nlink, before);
}

static void *sleeper(void *unused)
{
    while (pause())
        ;
    return unused;
}

TEST(proc, threads_are_directories_below_task)
{
    pthread_t thread;
    int found = 0, tid = 0;
    char path[128];

    CHECK_EQ(stat_of("/proc/self/task").st_nlink, 3);
    CHECK_OK(pthread_create(&thread, NULL, sleeper, NULL));
    CHECK_EQ(stat_of("/proc/self/task").st_nlink, 4);
    DIR *dir = opendir("/proc/self/task");
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        found++;
        if (atoi(e->d_name) != getpid())
            tid = atoi(e->d_name);
    }
    CHECK_EQ(found, 2);
    CHECK_GT(tid, 0);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    char *text = test_read_file(path, NULL);
    CHECK_EQ(atoi(text), tid);
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    text = test_read_file(path, NULL);
    CHECK_EQ(number_after(text, "\nTgid:"), getpid());
    CHECK_EQ(number_after(text, "\nPid:"), tid);
    CHECK_EQ(number_after(text, "\nThreads:"), 2);
    CHECK_EQ(stat_field(getpid(), 20), 2);
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    int fd = CHECK_FD(open(path, O_RDWR));
    CHECK_EQ(write(fd, "worker", 6), 6);
    CHECK_STR(test_read_file(path, NULL), "worker\n");
    CHECK_STR(text_of(getpid(), "comm"), "proc-places\n");
    snprintf(path, sizeof path, "/proc/self/task/%d/task", tid);
    CHECK_ERR(access(path, F_OK), ENOENT);
    snprintf(path, sizeof path, "/proc/%d/task/1", getpid());
    CHECK_ERR(access(path, F_OK), ENOENT);
}

TEST(proc, inode_numbers_stay_and_differ)
{
    pid_t pid = IDLE_CHILD();
    ino_t numbers[5];
    static const char *const names[5] = {"", "stat", "status", "fd", "task"};

    for (int i = 0; i < 5; i++)
        numbers[i] = stat_of(of_pid(pid, names[i])).st_ino;
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(stat_of(of_pid(pid, names[i])).st_ino, numbers[i]);
        CHECK_NE(stat_of(of_pid(getpid(), names[i])).st_ino, numbers[i]);
        for (int k = 0; k < i; k++)
            CHECK_NE(numbers[i], numbers[k]);
    }
    end_child(pid);
}

TEST(proc, the_listing_has_inode_numbers_and_types)
{
    DIR *dir = opendir("/proc/self");
    int files = 0, dirs = 0, links = 0;
    char path[300];

    CHECK(dir != NULL);
    for (struct dirent *e; (e = readdir(dir));) {
        snprintf(path, sizeof path, "/proc/self/%s", e->d_name);
        if (e->d_name[0] == '.')
            continue;
        struct stat st = stat_of(path);
        CHECK_EQ(e->d_ino, st.st_ino);
        CHECK_EQ(e->d_type, IFTODT(st.st_mode));
        files += e->d_type == DT_REG;
        dirs += e->d_type == DT_DIR;
        links += e->d_type == DT_LNK;
    }
    CHECK_EQ(links, 3);
    CHECK_GE(dirs, 3);
    CHECK_GT(files, 15);
    CHECK_EQ(stat_of("/proc/self/").st_nlink, (unsigned)dirs + 2);
}

TEST(proc, modes_are_linuxs)
{
    static const struct {
        const char *name;
        mode_t mode;
    } modes[] = {
        {"/proc/self/stat", S_IFREG | 0444},    {"/proc/self/status", S_IFREG | 0444},
        {"/proc/self/environ", S_IFREG | 0400}, {"/proc/self/auxv", S_IFREG | 0400},
        {"/proc/self/comm", S_IFREG | 0644},    {"/proc/self/oom_score_adj", S_IFREG | 0644},
        {"/proc/self/fd", S_IFDIR | 0500},      {"/proc/self/fdinfo", S_IFDIR | 0555},
        {"/proc/self/task", S_IFDIR | 0555},    {"/proc/self/exe", S_IFLNK | 0777},
        {"/proc/self", S_IFLNK | 0777},         {"/proc/meminfo", S_IFREG | 0444},
        {"/proc/sys/kernel", S_IFDIR | 0555},   {"/proc/sys/kernel/hostname", S_IFREG | 0644},
    };

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        mode_t mode = stat_of(modes[i].name).st_mode;
        if (mode != modes[i].mode)
            FAIL("%s has mode %o, not %o", modes[i].name, mode, modes[i].mode);
    }
    CHECK_EQ(stat_of("/proc/mounts").st_size, 11);
    CHECK_EQ(stat_of("/proc/self/stat").st_size, 0);
    CHECK_EQ(stat_of("/proc/self/stat").st_nlink, 1);
    CHECK_EQ(stat_of("/proc/sys/kernel").st_nlink, 1);
}

TEST(proc, files_belong_to_the_effective_user)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        CHECK_OK(setegid(77));
        CHECK_OK(seteuid(1000));
        CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
        CHECK_EQ(write(p[1], "x", 1), 1);
        for (;;)
            pause();
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(stat_of(of_pid(pid, "")).st_uid, 1000);
    CHECK_EQ(stat_of(of_pid(pid, "")).st_gid, 77);
    CHECK_EQ(stat_of(of_pid(pid, "stat")).st_uid, 1000);
    CHECK_EQ(stat_of(of_pid(pid, "fd")).st_uid, 1000);
    end_child(pid);
}

TEST(proc, what_may_not_be_dumped_belongs_to_root)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        become_nobody();
        CHECK_OK(prctl(PR_SET_DUMPABLE, 0));
        CHECK_EQ(write(p[1], "x", 1), 1);
        for (;;)
            pause();
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(stat_of(of_pid(pid, "")).st_uid, 65534);
    CHECK_EQ(stat_of(of_pid(pid, "task")).st_uid, 65534);
    CHECK_EQ(stat_of(of_pid(pid, "stat")).st_uid, 0);
    CHECK_EQ(stat_of(of_pid(pid, "fd")).st_uid, 0);
    CHECK_IN_CHILD({
        become_nobody();
        CHECK_ERR(open(of_pid(pid, "maps"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_pid(pid, "environ"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_pid(pid, "fd"), O_RDONLY), EACCES);
        close(CHECK_FD(open(of_pid(pid, "stat"), O_RDONLY)));
    });
    end_child(pid);
}

TEST(proc, ones_own_user_may_look)
{
    int p[2];
    char c, text[64];

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        become_nobody();
        CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
        CHECK_EQ(write(p[1], "x", 1), 1);
        for (;;)
            pause();
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_IN_CHILD({
        become_nobody();
        CHECK_GT(CHECK_FD(open(of_pid(pid, "maps"), O_RDONLY)), 0);
        CHECK_GT(CHECK_FD(open(of_pid(pid, "environ"), O_RDONLY)), 0);
        CHECK_GT(CHECK_FD(open(of_pid(pid, "fd"), O_RDONLY)), 0);
        CHECK_GT(readlink(of_pid(pid, "exe"), text, sizeof text), 0);
        CHECK_EQ(stat_field(pid, 26) > 1, 1);
    });
    end_child(pid);
}

TEST(proc, addresses_are_hidden_from_others)
{
    pid_t parent = getpid();

    CHECK_GT(stat_field(parent, 26), 1);
    CHECK_GT(stat_field(parent, 28), 1);
    CHECK_IN_CHILD({
        become_nobody();
        CHECK_EQ(stat_field(parent, 26), 1);
        CHECK_EQ(stat_field(parent, 27), 1);
        CHECK_EQ(stat_field(parent, 28), 0);
        for (int n = 45; n <= 51; n++)
            CHECK_EQ(stat_field(parent, n), 0);
        CHECK_GT(stat_field(parent, 23), 1);
        CHECK_ERR(open(of_pid(parent, "smaps"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_pid(parent, "smaps_rollup"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_pid(parent, "auxv"), O_RDONLY), EACCES);
        CHECK_ERR(open(of_pid(parent, "comm"), O_WRONLY), EACCES);
        CHECK_ERR(open(of_pid(parent, "oom_score_adj"), O_RDWR), EACCES);
        CHECK_ERR(open(of_pid(parent, "fdinfo"), O_RDONLY), EACCES);
        CHECK_GT(CHECK_FD(open(of_pid(parent, "task"), O_RDONLY)), 0);
    });
}

TEST(proc, one_that_may_not_be_dumped_still_sees_its_own_descriptors)
{
    CHECK_IN_CHILD({
        become_nobody();
        CHECK_OK(prctl(PR_SET_DUMPABLE, 0));
        CHECK_GT(CHECK_FD(open("/proc/self/fd", O_RDONLY)), 0);
        CHECK_GT(CHECK_FD(open("/proc/self/maps", O_RDONLY)), 0);
        CHECK_ERR(open("/proc/self/environ", O_RDONLY), EACCES);
        char text[64];
        CHECK_GT(readlink("/proc/self/fd/2", text, sizeof text), 0);
    });
}

TEST(proc, nothing_can_be_made_renamed_or_removed)
{
    CHECK_ERR(open("/proc/new", O_RDWR | O_CREAT, 0644), ENOENT);
    CHECK_ERR(open("/proc/self/new", O_RDWR | O_CREAT, 0644), ENOENT);
    CHECK_ERR(symlink("x", "/proc/self/new"), ENOENT);
    CHECK_ERR(rmdir("/proc/self/task"), EPERM);
    CHECK_ERR(unlink("/proc/self/stat"), EPERM);
    CHECK_ERR(mkdir("/proc/self/stat", 0755), EEXIST);
    CHECK_ERR(open("/proc/self/stat", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERR(open("/proc/self/task", O_WRONLY), EISDIR);
    CHECK_ERR(open("/proc/self/stat/x", O_RDONLY), ENOTDIR);
    CHECK_ERR(open("/proc/self", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERR(chdir("/proc/self/stat"), ENOTDIR);
    CHECK_ERR(access("/proc/0", F_OK), ENOENT);
    CHECK_ERR(access("/proc/99999999", F_OK), ENOENT);
    CHECK_ERR(access("/proc/-1", F_OK), ENOENT);
}

TEST(proc, the_working_directory_may_be_there)
{
    char cwd[64], wanted[64];

    CHECK_OK(chdir("/proc/self/task"));
    snprintf(wanted, sizeof wanted, "/proc/%d/task", getpid());
    CHECK(getcwd(cwd, sizeof cwd));
    CHECK_STR(cwd, wanted);
    CHECK_OK(access("../stat", F_OK));
    CHECK_OK(access("../../uptime", F_OK));
    CHECK_OK(access("../../../tests", F_OK));
    CHECK_OK(chdir(".."));
    CHECK_STR(link_of("cwd"), getcwd(cwd, sizeof cwd));
}

static bool has_line(const char *text, const char *start, const char *end)
{
    for (const char *at = text; (at = strstr(at, start)); at++) {
        const char *stop = strchr(at, '\n');

        if ((at == text || at[-1] == '\n' || start[0] == ' ') && stop &&
            stop - at >= (long)strlen(end) && !strncmp(stop - strlen(end), end, strlen(end)))
            return true;
    }
    return false;
}

TEST(proc, mounts_show_what_is_mounted)
{
    struct stat st;
    char id[64];

    CHECK_OK(mkdir("/tmp/a place", 0755));
    CHECK_OK(mount("my source", "/tmp/a place", "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k"));
    char *text = test_read_file("/proc/mounts", NULL);
    CHECK(has_line(text, "my\\040source /tmp/a\\040place tmpfs rw,nosuid,noexec,relatime,size=64k",
                   " 0 0"));
    CHECK_STR(test_read_file("/proc/self/mounts", NULL), text);
    CHECK_OK(stat("/tmp/a place", &st));
    snprintf(
        id, sizeof id,
        " %u:%u / /tmp/a\\040place rw,nosuid,noexec,relatime - tmpfs my\\040source rw,size=64k",
        major(st.st_dev), minor(st.st_dev));
    CHECK(strstr(test_read_file("/proc/self/mountinfo", NULL), id) != NULL);
    CHECK_OK(umount("/tmp/a place"));
    CHECK(strstr(test_read_file("/proc/mounts", NULL), "/tmp/a\\040place") == NULL);
    CHECK_OK(rmdir("/tmp/a place"));
}

/* Numbers of more than eight bits are split in st_dev. */
TEST(proc, numbers_of_many_file_systems_are_told_alike)
{
    char at[32], wanted[64];
    struct stat st;

    CHECK_OK(mkdir("/tmp/many", 0755));
    for (int i = 0; i < 300; i++) {
        snprintf(at, sizeof at, "/tmp/many/%d", i);
        CHECK_OK(mkdir(at, 0755));
        CHECK_OK(mount("many", at, "tmpfs", 0, NULL));
    }
    CHECK_OK(stat(at, &st));
    snprintf(wanted, sizeof wanted, " %u:%u / %s ", major(st.st_dev), minor(st.st_dev), at);
    CHECK_GT(minor(st.st_dev), 255);
    CHECK(strstr(test_read_file("/proc/self/mountinfo", NULL), wanted) != NULL);
    for (int i = 0; i < 300; i++) {
        snprintf(at, sizeof at, "/tmp/many/%d", i);
        CHECK_OK(umount(at));
        CHECK_OK(rmdir(at));
    }
    CHECK_OK(rmdir("/tmp/many"));
}

TEST(proc, mountinfo_has_a_tree_of_numbers)
{
    char *text = test_read_file("/proc/self/mountinfo", NULL), *line = text, dev[16];
    int ids[64], parents[64], n = 0, roots = 0;
    unsigned major, minor;
    char point[256], root[256];
    struct stat st;

    for (; *line && n < 64; line = strchr(line, '\n') + 1, n++) {
        CHECK_EQ(sscanf(line, "%d %d %u:%u %255s %255s", &ids[n], &parents[n], &major, &minor, root,
                        point),
                 6);
        CHECK(strstr(line, " - ") != NULL);
        CHECK_EQ(root[0], '/');
        if (stat(point, &st) == 0 && !strstr(point, "\\0")) {
            snprintf(dev, sizeof dev, "%u:%u", major(st.st_dev),
                     minor(st.st_dev));
            char found[16];
            snprintf(found, sizeof found, "%u:%u", major, minor);
            CHECK_STR(found, dev);
        }
    }
    CHECK_GE(n, 3);
    for (int i = 0; i < n; i++) {
        int known = 0;

        for (int k = 0; k < n; k++) {
            known |= parents[i] == ids[k] && k != i;
            CHECK(k == i || ids[k] != ids[i]);
        }
        roots += !known;
    }
    CHECK_EQ(roots, 1);
}

TEST(proc, mountinfo_tells_which_part_a_bind_mount_shows)
{
    CHECK_OK(mkdir("/tmp/from", 0755));
    CHECK_OK(mkdir("/tmp/from/part", 0755));
    CHECK_OK(mkdir("/tmp/to", 0755));
    CHECK_OK(mount("none", "/tmp/from", "tmpfs", 0, ""));
    CHECK_OK(mkdir("/tmp/from/sub", 0755));
    CHECK_OK(mount("/tmp/from/sub", "/tmp/to", NULL, MS_BIND, NULL));
    CHECK(strstr(test_read_file("/proc/self/mountinfo", NULL),
                 " /sub /tmp/to rw,relatime - tmpfs none rw") != NULL);
    CHECK_OK(umount("/tmp/to"));
    CHECK_OK(umount("/tmp/from"));
    CHECK_OK(rmdir("/tmp/to"));
    CHECK_OK(rmdir("/tmp/from/part"));
    CHECK_OK(rmdir("/tmp/from"));
}

TEST(proc, system_files_have_their_form)
{
    char *text;

    text = test_read_file("/proc/swaps", NULL);
    CHECK_EQ(strncmp(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n", 40), 0);
    text = test_read_file("/proc/devices", NULL);
    CHECK_EQ(strncmp(text, "Character devices:\n  1 mem\n", 27), 0);
    CHECK(strstr(text, "\n\nBlock devices:\n") != NULL);
    text = test_read_file("/proc/filesystems", NULL);
    CHECK(strstr(text, "nodev\ttmpfs\n") != NULL && strstr(text, "nodev\tproc\n") != NULL);
    text = test_read_file("/proc/vmstat", NULL);
    CHECK_GT(number_after(text, "nr_free_pages "), 100);
    CHECK_GT(number_after(text, "\npgfault "), 100);
    text = test_read_file("/proc/meminfo", NULL);
    CHECK_EQ(strncmp(text, "MemTotal:       ", 16), 0);
    CHECK_GT(number_after(text, "\nMemFree:"), 0);
    CHECK_GT(number_after(text, "\nShmem:"), 0);
    CHECK_GE(number_after(text, "\nCached:"), number_after(text, "\nShmem:"));
    CHECK_GT(number_after(text, "\nSlab:"), 0);
    text = test_read_file("/proc/cpuinfo", NULL);
    CHECK_EQ(strncmp(text, "processor\t: 0\nvendor_id\t: ", 26), 0);
    CHECK(strstr(text, "\nflags\t\t: ") != NULL && strstr(text, " sse2 ") != NULL);
    CHECK_EQ(number_after(text, "\ncpu cores\t: "), 1);
}

TEST(proc, shared_memory_of_the_system_is_counted)
{
    static char page[4096];
    long long before = number_after(test_read_file("/proc/meminfo", NULL), "\nShmem:");
    int fd = test_file("big", "", 0);

    for (int i = 0; i < 2048; i++)
        CHECK_EQ(write(fd, page, sizeof page), sizeof page);
    CHECK_GE(number_after(test_read_file("/proc/meminfo", NULL), "\nShmem:"), before + 8000);
    CHECK_OK(ftruncate(fd, 0));
    CHECK_LE(number_after(test_read_file("/proc/meminfo", NULL), "\nShmem:"), before + 400);
}

TEST(proc, auxv_is_what_the_program_got)
{
    unsigned long v[128];
    int fd = CHECK_FD(open("/proc/self/auxv", O_RDONLY));
    ssize_t n = read(fd, v, sizeof v);
    bool page_size = false, end = false;

    CHECK(n > 0 && n % 16 == 0);
    for (ssize_t i = 0; i < n / 8 && !end; i += 2) {
        page_size |= v[i] == 6 && v[i + 1] == 4096;
        end = v[i] == 0;
    }
    CHECK(page_size && end);
}

TEST(proc, environ_is_what_the_program_got)
{
    size_t size;
    extern char **environ;

    if (!getenv("PROC_TEST")) {
        CHECK_OK(setenv("PROC_TEST", "value", 1));
        CHECK_EXIT(CHILD({
                       char *argv[] = {test_program, "proc.environ_is_what_the_program_got", NULL};
                       char *envp[] = {"PROC_TEST=value", "OTHER=x", NULL};
                       execve(test_program, argv, envp);
                   }),
                   0);
        return;
    }
    char *text = test_read_file("/proc/self/environ", &size);
    CHECK_EQ(size, sizeof "PROC_TEST=value" + sizeof "OTHER=x");
    CHECK_MEM(text, "PROC_TEST=value\0OTHER=x\0", size);
}

TEST(proc, the_command_line_follows_what_the_program_writes_there)
{
    char *start = (char *)stat_field(getpid(), 48), *end = (char *)stat_field(getpid(), 49);
    size_t size;

    CHECK(end - start > 8);
    memset(start, 0, (size_t)(end - start));
    strcpy(start, "changed");
    char *text = test_read_file("/proc/self/cmdline", &size);
    CHECK_EQ(size, end - start);
    CHECK_STR(text, "changed");
    memset(start, 'y', (size_t)(end - start));
    text = test_read_file("/proc/self/cmdline", &size);
    CHECK_GE(size, end - start);
    CHECK_EQ(text[0], 'y');
}
