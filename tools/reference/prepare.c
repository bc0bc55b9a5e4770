/*
 * What a Linux machine needs before anything else: mounts, modules, virtio ports by their names.
 *
 * In: prepare_machine() once, then prepare_port() for each port.
 */
#define _GNU_SOURCE
#include "stage1.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void mount_at(const char *kind, const char *where)
{
    mkdir(where, 0755);
    if (mount(kind, where, kind, 0, NULL) != 0)
        give_up(where);
}

static void load_modules(void)
{
    struct dirent **entries;
    int count = scandir("/modules", &entries, NULL, alphasort);
    char path[300];

    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/modules/%s", entries[i]->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
            give_up(path);
        close(fd);
        unlink(path);
    }
}

void prepare_machine(void)
{
    mount_at("devtmpfs", "/dev");
    mount_at("proc", "/proc");
    mount_at("sysfs", "/sys");
    load_modules();
}

static int port_named(const char *wanted)
{
    static const char ports[] = "/sys/class/virtio-ports";
    char path[300], name[NAME_MAX_PORT + 1];
    DIR *dir = opendir(ports);
    struct dirent *entry;
    int found = -1;

    while (dir && found < 0 && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s/name", ports, entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
        close(fd);
        if (n <= 0)
            continue;
        name[n] = '\0';
        name[strcspn(name, "\n")] = '\0';
        if (strcmp(name, wanted) == 0) {
            snprintf(path, sizeof path, "/dev/%s", entry->d_name);
            found = open(path, O_RDWR | O_CLOEXEC);
        }
    }
    if (dir)
        closedir(dir);
    return found;
}

int prepare_port(const char *name)
{
    const struct timespec pause = {.tv_nsec = 5000000};

    for (int tries = 0; tries < 1000; tries++) {
        int fd = port_named(name);
        if (fd >= 0)
            return fd;
        nanosleep(&pause, NULL);
    }
    return -1;
}
