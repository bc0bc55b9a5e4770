/* Rows: files on tmpfs, and the two devices that everybody uses. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, MIB = 1 << 20, ENTRIES = 100 };

static const char name[] = "/tmp/bench.file", folder[] = "/tmp/bench.dir";
static char buffer[MIB] __attribute__((aligned(PAGE)));
static int fd = -1;

/* A file of 1 MiB that is all there, and a buffer that is. */
static void make_file(void)
{
    mkdir("/tmp", 0777);
    NEED((fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644)) >= 0);
    for (size_t i = 0; i < sizeof buffer; i++)
        buffer[i] = (char)i;
    NEED(write(fd, buffer, sizeof buffer) == sizeof buffer);
}

static void open_close(unsigned long n)
{
    while (n--) {
        int opened = open(name, O_RDONLY);
        NEED(opened >= 0);
        close(opened);
    }
}

static void stat_row(unsigned long n)
{
    struct stat st;

    while (n--)
        NEED(stat(name, &st) == 0);
}

static void open_null(void)
{
    NEED((fd = open("/dev/null", O_WRONLY)) >= 0);
}

static void open_zero(void)
{
    NEED((fd = open("/dev/zero", O_RDONLY)) >= 0);
}

static void write1(unsigned long n)
{
    while (n--)
        NEED(write(fd, buffer, 1) == 1);
}

static void read1(unsigned long n)
{
    while (n--)
        NEED(read(fd, buffer, 1) == 1);
}

static void pread_size(unsigned long n, ssize_t size)
{
    off_t at = 0;

    for (; n--; at = (at + size) % MIB)
        NEED(pread(fd, buffer, (size_t)size, at) == size);
}

static void pread_4k(unsigned long n)
{
    pread_size(n, PAGE);
}

static void pread_64k(unsigned long n)
{
    pread_size(n, 16 * PAGE);
}

static void pread_1m(unsigned long n)
{
    pread_size(n, MIB);
}

static void pwrite_4k(unsigned long n)
{
    off_t at = 0;

    for (; n--; at = (at + PAGE) % MIB)
        NEED(pwrite(fd, buffer, PAGE, at) == PAGE);
}

static void write_4k_append(unsigned long n)
{
    off_t size = MIB;

    for (; n--; size += PAGE) {
        if (size == MIB) {
            NEED(ftruncate(fd, 0) == 0);
            NEED(lseek(fd, 0, SEEK_SET) == 0);
            size = 0;
        }
        NEED(write(fd, buffer, PAGE) == PAGE);
    }
}

static void make_folder(void)
{
    char path[64];

    mkdir("/tmp", 0777);
    mkdir(folder, 0755);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(path, sizeof path, "%s/entry-%03d", folder, i);
        NEED((fd = open(path, O_WRONLY | O_CREAT, 0644)) >= 0);
        close(fd);
    }
    NEED((fd = open(folder, O_RDONLY | O_DIRECTORY)) >= 0);
}

static void getdents_100(unsigned long n)
{
    while (n--) {
        long got, bytes = 0;
        NEED(lseek(fd, 0, SEEK_SET) == 0);
        while ((got = syscall(SYS_getdents64, fd, buffer, 32768)) > 0)
            bytes += got;
        NEED(got == 0 && bytes >= ENTRIES * 24);
    }
}

const struct row file_rows[] = {
    {.name = "open_close", .prepare = make_file, .run = open_close},
    {.name = "stat", .prepare = make_file, .run = stat_row},
    {.name = "write1_devnull", .prepare = open_null, .run = write1},
    {.name = "read1_devzero", .prepare = open_zero, .run = read1},
    {.name = "pread_4k", .prepare = make_file, .run = pread_4k},
    {.name = "pread_64k", .prepare = make_file, .run = pread_64k},
    {.name = "pread_1m", .prepare = make_file, .run = pread_1m},
    {.name = "pwrite_4k", .prepare = make_file, .run = pwrite_4k},
    {.name = "write_4k_append", .prepare = make_file, .run = write_4k_append},
    {.name = "getdents_100", .prepare = make_folder, .run = getdents_100},
    {0},
};
