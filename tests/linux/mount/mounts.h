/*
 * What the cases of mounts share. Each works in a tmpfs of its own, which is private and goes at the end with all below.
 */
#pragma once

#include "test.h"

#include <sys/mount.h>
#include <sys/statfs.h>

#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif

__attribute__((unused)) static char base[256];

__attribute__((unused)) static void base_end(void)
{
    (void)!chdir("/");
    while (umount2(base, MNT_DETACH) == 0)
        continue;
}

/* Goes into a new, private tmpfs. A case that fails leaves it behind, in a folder that goes with the guest. */
__attribute__((unused)) static void begin(void)
{
    CHECK(getcwd(base, sizeof base - 8));
    strcat(base, "/base");
    CHECK_OK(mkdir(base, 0755));
    CHECK_OK(mount("base", base, "tmpfs", 0, ""));
    CHECK_OK(mount("", base, "", MS_PRIVATE, NULL));
    CHECK_OK(chdir(base));
    atexit(base_end);
}

__attribute__((unused)) static void tmpfs(const char *path, const char *options)
{
    CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
    CHECK_OK(mount("none", path, "tmpfs", 0, options));
}

__attribute__((unused)) static void touch(const char *path)
{
    close(CHECK_FD(open(path, O_CREAT | O_WRONLY, 0644)));
}

__attribute__((unused)) static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* The line of mountinfo of the mount on a path below the base (the last if several), or "". */
__attribute__((unused)) static const char *info(const char *path)
{
    static char line[1024];
    char wanted[512], *text, *at;

    snprintf(wanted, sizeof wanted, " %s%s%s ", base, *path ? "/" : "", path);
    line[0] = 0;
    text = test_read_file("/proc/self/mountinfo", NULL);
    for (at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
        if (strstr(at, wanted))
            snprintf(line, sizeof line, "%s", at);
    return line;
}

/* The number behind a tag ("shared:", "master:") in that line; 0: it is not there. */
__attribute__((unused)) static int tag(const char *path, const char *name)
{
    const char *at = strstr(info(path), name);

    return at ? atoi(at + strlen(name)) : 0;
}

/* The line of /proc/mounts of a path below the base, or "". */
__attribute__((unused)) static const char *told(const char *path)
{
    static char line[1024];
    char wanted[512], *text, *at;

    snprintf(wanted, sizeof wanted, " %s%s%s ", base, *path ? "/" : "", path);
    line[0] = 0;
    text = test_read_file("/proc/mounts", NULL);
    for (at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
        if (strstr(at, wanted))
            snprintf(line, sizeof line, "%s", at);
    return line;
}
