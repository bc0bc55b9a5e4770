/*
 * What long runs share: their settings, and the free memory before and behind.
 *
 * In:    read_settings() first, then scaled() for every count; free_pages() and, at the end, check_free().
 *        /tests/soak.conf holds "PERCENT PAGES SEED": how much of the full length to run, how many pages of
 *        free memory may be missing at the end, and where random numbers begin.
 */
#pragma once

#include "test.h"

enum { PAGE_KB = 4, SETTLE_MS = 5000 };

static int percent = 100, tolerance = 64;
static unsigned seed;

static void read_settings(void)
{
    if (sscanf(test_read_file("/tests/soak.conf", NULL), "%d %d %u", &percent, &tolerance, &seed) != 3)
        FAIL("/tests/soak.conf");
}

__attribute__((unused)) static int scaled(int full)
{
    int n = full / 100 * percent;

    return n < 20 ? 20 : n;
}

/* Names that the system keeps are not missing: they go when it is asked, or short of memory. */
static void drop_names(void)
{
    int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

    CHECK(fd >= 0 && write(fd, "2", 1) == 1);
    close(fd);
}

static long free_pages(void)
{
    drop_names();

    const char *at = strstr(test_read_file("/proc/meminfo", NULL), "MemFree:");

    CHECK(at != NULL);
    return atol(at + strlen("MemFree:")) / PAGE_KB;
}

/* Freeing may go on behind a process's end: gives it some seconds to catch up. */
__attribute__((unused)) static void check_free(long start, const char *when)
{
    int64_t until = test_now_ms() + SETTLE_MS;
    long now;

    while ((now = free_pages()) < start - tolerance && test_now_ms() < until)
        test_sleep_ms(20);
    dprintf(2, "%s: %ld pages free at the start, %ld now\n", when, start, now);
    if (now < start - tolerance)
        FAIL("%s: %ld pages are missing", when, start - now);
}
