/*
 * What a mount forbids, and remounts.
 */
#include "mounts.h"

#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <utime.h>

#define BIND_RO (MS_REMOUNT | MS_BIND | MS_RDONLY)

TEST(mount, nothing_changes_on_a_read_only_mount)
{
    struct utimbuf times = {1, 2};

    begin();
    tmpfs("m", "");
    touch("m/f");
    CHECK_OK(mkdir("m/d", 0755));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, ""));
    CHECK_ERR(open("m/f", O_WRONLY), EROFS);
    CHECK_ERR(open("m/f", O_RDWR), EROFS);
    CHECK_ERR(open("m/f", O_RDONLY | O_TRUNC), EROFS);
    CHECK_ERR(open("m/new", O_CREAT | O_RDWR, 0644), EROFS);
    CHECK_ERR(mkdir("m/new", 0755), EROFS);
    CHECK_ERR(rmdir("m/d"), EROFS);
    CHECK_ERR(unlink("m/f"), EROFS);
    CHECK_ERR(rename("m/f", "m/g"), EROFS);
    CHECK_ERR(link("m/f", "m/g"), EROFS);
    CHECK_ERR(symlink("f", "m/g"), EROFS);
    CHECK_ERR(chmod("m/f", 0600), EROFS);
    CHECK_ERR(chown("m/f", 1, 1), EROFS);
    CHECK_ERR(truncate("m/f", 0), EROFS);
    CHECK_ERR(utime("m/f", &times), EROFS);
    CHECK_ERR(access("m/f", W_OK), EROFS);
    CHECK_ERR(mknod("m/p", S_IFIFO | 0600, 0), EROFS);
    close(CHECK_FD(open("m/f", O_RDONLY)));
    close(CHECK_FD(open("m/f", O_RDONLY | O_CREAT, 0644)));
    CHECK_ERR(mkdir("m/d", 0755), EEXIST);
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT, ""));
    CHECK_OK(unlink("m/f"));
}

TEST(mount, a_file_open_for_writing_keeps_its_mount_writable)
{
    int fd;

    begin();
    tmpfs("m", "");
    fd = CHECK_FD(open("m/f", O_CREAT | O_RDWR, 0644));
    CHECK_ERR(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, ""), EBUSY);
    CHECK_ERR(mount("none", "m", NULL, BIND_RO, NULL), EBUSY);
    close(fd);
    fd = CHECK_FD(open("m/f", O_RDONLY));
    CHECK_OK(mount("none", "m", NULL, BIND_RO, NULL));
    close(fd);
}

TEST(mount, one_mount_of_a_file_system_is_read_only)
{
    begin();
    tmpfs("m", "");
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("m", "b", NULL, MS_BIND, NULL));
    CHECK_OK(mount("none", "b", NULL, BIND_RO, NULL));
    CHECK_ERR(open("b/f", O_CREAT | O_RDWR, 0644), EROFS);
    touch("m/f");
    CHECK(there("b/f"));
    CHECK_ERR(unlink("b/f"), EROFS);
    CHECK(strstr(told("b"), " tmpfs ro,"));
    CHECK(strstr(told("m"), " tmpfs rw,"));
    CHECK(strstr(info("b"), " - tmpfs none rw"));
    CHECK_OK(mount("none", "b", NULL, MS_REMOUNT | MS_BIND, NULL));
    CHECK_OK(unlink("b/f"));
}

TEST(mount, a_writer_through_one_mount_does_not_keep_another)
{
    int fd;

    begin();
    tmpfs("m", "");
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("m", "b", NULL, MS_BIND, NULL));
    fd = CHECK_FD(open("m/f", O_CREAT | O_RDWR, 0644));
    CHECK_OK(mount("none", "b", NULL, BIND_RO, NULL));
    CHECK_EQ(write(fd, "x", 1), 1);
    close(fd);
}

TEST(mount, a_read_only_file_system_is_so_through_every_mount)
{
    begin();
    tmpfs("m", "");
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("m", "b", NULL, MS_BIND, NULL));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, ""));
    CHECK_ERR(open("b/f", O_CREAT | O_RDWR, 0644), EROFS);
    CHECK(strstr(told("b"), " tmpfs ro,"));
    CHECK(strstr(info("b"), " rw,relatime - tmpfs none ro"));
}

TEST(mount, bind_ignores_flags_but_takes_those_of_its_source)
{
    begin();
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "tmpfs", MS_NOSUID | MS_NODEV, ""));
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("m", "b", NULL, MS_BIND | MS_RDONLY | MS_NOEXEC, NULL));
    CHECK(strstr(info("b"), " rw,nosuid,nodev,relatime - "));
    touch("b/f");
}

TEST(mount, a_remount_replaces_the_flags)
{
    begin();
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "tmpfs", MS_NOSUID | MS_NODEV, ""));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
    CHECK(strstr(info("m"), " rw,noexec,relatime - "));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_NOSUID, ""));
    CHECK(strstr(info("m"), " rw,nosuid,relatime - "));
}

TEST(mount, a_remount_keeps_how_times_go_unless_told)
{
    begin();
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "tmpfs", MS_NOATIME | MS_NODIRATIME, ""));
    CHECK(strstr(info("m"), " rw,noatime,nodiratime - "));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL));
    CHECK(strstr(info("m"), " rw,nodev,noatime,nodiratime - "));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_RELATIME, NULL));
    CHECK(strstr(info("m"), " rw,relatime - "));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_STRICTATIME, NULL));
    CHECK(strstr(info("m"), " rw - "));
}

TEST(mount, flags_are_told_in_linuxs_order)
{
    begin();
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(
        mount("none", "m", "tmpfs", MS_RDONLY | MS_NOEXEC | MS_NODEV | MS_NOSUID | MS_NOATIME, ""));
    CHECK(strstr(info("m"), " ro,nosuid,nodev,noexec,noatime - tmpfs none ro"));
    CHECK(strstr(told("m"), "tmpfs ro,nosuid,nodev,noexec,noatime"));
}

TEST(mount, noexec_forbids_execution)
{
    int from, to;
    char buf[4096];
    ssize_t n;

    begin();
    tmpfs("m", "");
    from = CHECK_FD(open(test_program, O_RDONLY));
    to = CHECK_FD(open("m/program", O_CREAT | O_WRONLY, 0755));
    while ((n = read(from, buf, sizeof buf)) > 0)
        CHECK_EQ(write(to, buf, (size_t)n), n);
    close(from);
    close(to);
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
    CHECK_ERR(execl("m/program", "program", NULL), EACCES);
    CHECK_ERR(access("m/program", X_OK), EACCES);
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND, NULL));
    CHECK_OK(access("m/program", X_OK));
}

TEST(mount, nodev_forbids_devices)
{
    begin();
    tmpfs("m", "");
    CHECK_OK(mknod("m/null", S_IFCHR | 0666, makedev(1, 3)));
    close(CHECK_FD(open("m/null", O_RDWR)));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL));
    CHECK_ERR(open("m/null", O_RDWR), EACCES);
    CHECK_ERR(open("m/null", O_RDONLY), EACCES);
    close(CHECK_FD(open("m/null", O_PATH)));
}

TEST(mount, statvfs_tells_the_flags_of_a_mount)
{
    struct statvfs fs;

    begin();
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(
        mount("none", "m", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, ""));
    CHECK_OK(statvfs("m", &fs));
    CHECK_EQ(fs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_RELATIME),
             ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME);
    tmpfs("n", "");
    CHECK_OK(statvfs("n", &fs));
    CHECK_EQ(fs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_RELATIME),
             ST_RELATIME);
}

TEST(mount, noatime_leaves_the_time_of_reading)
{
    struct stat before, after;
    struct timespec old[2] = {{1000, 0}, {2000, 0}};
    char c;
    int fd;

    begin();
    tmpfs("m", "");
    fd = CHECK_FD(open("m/f", O_CREAT | O_RDWR, 0644));
    CHECK_EQ(write(fd, "x", 1), 1);
    close(fd);
    CHECK_OK(utimensat(AT_FDCWD, "m/f", old, 0));
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL));
    CHECK_OK(stat("m/f", &before));
    fd = CHECK_FD(open("m/f", O_RDONLY));
    CHECK_EQ(read(fd, &c, 1), 1);
    close(fd);
    CHECK_OK(stat("m/f", &after));
    CHECK_EQ(after.st_atime, before.st_atime);
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_RELATIME, NULL));
    fd = CHECK_FD(open("m/f", O_RDONLY));
    CHECK_EQ(read(fd, &c, 1), 1);
    close(fd);
    CHECK_OK(stat("m/f", &after));
    CHECK_GT(after.st_atime, before.st_atime);
}
