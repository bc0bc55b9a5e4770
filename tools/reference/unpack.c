/*
 * Unpacks a root image (abi/jg/image.h) onto a mounted file system, as vfsd does into its own.
 */
#define _GNU_SOURCE
#include "stage1.h"

#include <jg/image.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

struct unpacking {
    const char *base;
    const struct jg_root_image *head;
    const struct jg_root_record **records;
    int to;
};

static void write_file(const struct unpacking *u, const struct jg_root_record *r, const char *path)
{
    int fd = openat(u->to, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    uint64_t done = 0;

    if (fd < 0)
        give_up(path);
    if (r->data + r->size > u->head->total_bytes - u->head->data_offset)
        give_up("a corrupt root image");
    while (done < r->size) {
        ssize_t n = write(fd, u->base + u->head->data_offset + r->data + done, r->size - done);
        if (n <= 0)
            give_up(path);
        done += (uint64_t)n;
    }
    close(fd);
}

static int make_node(const struct unpacking *u, const struct jg_root_record *r, const char *path,
                     const char *link)
{
    switch (r->mode & S_IFMT) {
    case S_IFDIR:
        return path[0] == '.' ? 0 : mkdirat(u->to, path, 0700);
    case S_IFREG:
        write_file(u, r, path);
        return 0;
    case S_IFLNK:
        return symlinkat(link, u->to, path);
    default:
        return mknodat(u->to, path, r->mode, makedev(r->rdev_major, r->rdev_minor));
    }
}

static void copy_name(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size)
        give_up("a corrupt root image");
    memcpy(to, from, len);
    to[len] = '\0';
}

static void path_of(const struct jg_root_record *r, char *path, size_t size)
{
    copy_name(path, size, r->path, r->path_len);
    if (r->path_len == 0)
        strcpy(path, ".");
}

static void make_record(const struct unpacking *u, uint32_t index)
{
    const struct jg_root_record *r = u->records[index];
    char path[4096], link[4096];

    path_of(r, path, sizeof path);
    copy_name(link, sizeof link, r->path + r->path_len, r->link_len);
    if (r->link_to) {
        if (r->link_to > index)
            give_up("a corrupt root image");
        path_of(u->records[r->link_to - 1], link, sizeof link);
        if (linkat(u->to, link, u->to, path, 0) != 0)
            give_up(path);
        return;
    }
    if (make_node(u, r, path, link) != 0 ||
        fchownat(u->to, path, r->uid, r->gid, AT_SYMLINK_NOFOLLOW) != 0)
        give_up(path);
    if (!S_ISLNK(r->mode) && fchmodat(u->to, path, r->mode & 07777, 0) != 0)
        give_up(path);
}

/* Last, and children before parents, as making a child changes its directory's time. */
static void set_time(const struct unpacking *u, const struct jg_root_record *r)
{
    char path[4096];
    const struct timespec times[2] = {
        {.tv_sec = (time_t)r->mtime_sec, .tv_nsec = r->mtime_nsec},
        {.tv_sec = (time_t)r->mtime_sec, .tv_nsec = r->mtime_nsec},
    };

    path_of(r, path, sizeof path);
    if (!r->link_to && utimensat(u->to, path, times, AT_SYMLINK_NOFOLLOW) != 0)
        give_up(path);
}

void unpack_root(const char *image, const char *to)
{
    struct unpacking u = {.to = open(to, O_DIRECTORY | O_RDONLY | O_CLOEXEC)};
    struct stat st;
    int fd = open(image, O_RDONLY | O_CLOEXEC);

    if (u.to < 0 || fd < 0 || fstat(fd, &st) != 0)
        give_up(image);
    u.base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    u.head = (const void *)u.base;
    if (u.base == MAP_FAILED || memcmp(u.head->magic, JG_ROOT_MAGIC, sizeof u.head->magic) != 0 ||
        u.head->total_bytes > (uint64_t)st.st_size || u.head->data_offset > u.head->total_bytes)
        give_up("a corrupt root image");
    u.records = calloc(u.head->count, sizeof *u.records);
    if (!u.records)
        give_up("no memory");
    const char *next = u.base + sizeof *u.head;
    for (uint32_t i = 0; i < u.head->count; i++) {
        u.records[i] = (const void *)next;
        next += u.records[i]->record_bytes;
        if (next > u.base + u.head->data_offset)
            give_up("a corrupt root image");
        make_record(&u, i);
    }
    for (uint32_t i = u.head->count; i-- > 0;)
        set_time(&u, u.records[i]);
    free(u.records);
    munmap((void *)u.base, (size_t)st.st_size);
    close(fd);
    close(u.to);
}
