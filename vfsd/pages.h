/*
 * What vfsd needs of the kernel: the memory of files, the accounts that pay for it, and the clock.
 *
 * Everything else in vfsd but server.c and main.c is independent of the kernel, so that the host's
 * tests link it with a memory of their own (tests/host/vfsd/pages_host.c). Here it is
 * pages_kernel.c. Results are JG_OK or one of JG_ERR_*.
 */
#pragma once

#include <jg/types.h>

struct pages_info {
    uint64_t size;      /* bytes */
    uint64_t committed; /* pages */
    int64_t modified;   /* wall clock, nanoseconds */
    int64_t accessed;
};

/*
 * Makes a memory of `size` bytes of zeros, none of them committed, whose pages `account` will pay
 * for (JG_HANDLE_NONE: vfsd's own job). The caller owns `*out`.
 */
int32_t pages_create(uint64_t size, jg_handle_t account, jg_handle_t *out);

/* Reads size, use and stamps. */
int32_t pages_info(jg_handle_t pages, struct pages_info *out);

/* Sets the size; what is cut off is gone from every mapping. OUT_OF_RANGE when it is too big. */
int32_t pages_set_size(jg_handle_t pages, uint64_t size);

/* Makes a range read as zeros, giving back whole pages of it. */
int32_t pages_zero(jg_handle_t pages, uint64_t offset, uint64_t length);

/*
 * Moves `length` bytes of pages from `src` at `offset` to the start of `dst`, without a copy; they
 * become holes in `src`. Offset and length are multiples of the page size and inside both.
 */
int32_t pages_move(jg_handle_t dst, jg_handle_t src, uint64_t offset, uint64_t length);

/* Copies bytes out. IO when not all of them are there. */
int32_t pages_read(jg_handle_t pages, uint64_t offset, void *buffer, size_t length);

/* Makes another handle for a client, with no more than it may do. The caller owns `*out`. */
int32_t pages_share(jg_handle_t pages, bool write, bool execute, jg_handle_t *out);

/* Gives a handle to pages or to an account back. JG_HANDLE_NONE is fine. */
void pages_close(jg_handle_t handle);

/* Makes an account that pays for at most `pages` pages. The caller owns `*out`. */
int32_t account_create(uint64_t pages, jg_handle_t *out);

/* Changes the limit of an account. */
int32_t account_limit(jg_handle_t account, uint64_t pages);

/* Counts the pages that an account pays for now. Returns 0 when that cannot be told. */
uint64_t account_used(jg_handle_t account);

/* Counts the machine's pages, all of them and those that are free. */
void pages_of_machine(uint64_t *total, uint64_t *free);

/* Nanoseconds since 1970-01-01 00:00 UTC. */
int64_t clock_wall(void);
