/* Rows: mappings and page faults. */
#define _GNU_SOURCE
#include "bench.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, SMALL = PAGE, MIDDLE = 4 << 20, COW = 16 << 20, ANON = 64 << 20 };

static char *map(size_t size)
{
    char *found = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    NEED(found != MAP_FAILED);
    return found;
}

static void touch(volatile char *from, size_t size)
{
    for (size_t at = 0; at < size; at += PAGE)
        from[at] = 1;
}

static void map_touch_unmap(unsigned long n, size_t size)
{
    while (n--) {
        char *memory = map(size);
        touch(memory, size);
        munmap(memory, size);
    }
}

static void mmap_4k(unsigned long n)
{
    map_touch_unmap(n, SMALL);
}

static void mmap_4m(unsigned long n)
{
    map_touch_unmap(n, MIDDLE);
}

static void page_fault_anon(unsigned long n)
{
    while (n--) {
        char *memory = map(ANON);
        clock_start();
        touch(memory, ANON);
        clock_stop();
        munmap(memory, ANON);
    }
}

static char *shared;
static int hold[2];

static void make_shared(void)
{
    shared = map(COW);
    touch(shared, COW);
}

/* The child holds the old pages while we write; then the pipe's end lets it go. */
static void page_fault_cow(unsigned long n)
{
    char c;

    while (n--) {
        NEED(pipe(hold) == 0);
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            close(hold[1]);
            _exit((int)read(hold[0], &c, 1));
        }
        clock_start();
        touch(shared, COW);
        clock_stop();
        close(hold[0]);
        close(hold[1]);
        NEED(waitpid(pid, NULL, 0) == pid);
    }
}

const struct row memory_rows[] = {
    {.name = "mmap_touch_munmap_4k", .run = mmap_4k},
    {.name = "mmap_touch_munmap_4m", .run = mmap_4m},
    {.name = "page_fault_anon", .run = page_fault_anon, .unit = ANON / PAGE, .own_clock = 1},
    {.name = "page_fault_cow", .prepare = make_shared, .run = page_fault_cow, .unit = COW / PAGE,
     .own_clock = 1},
    {0},
};
