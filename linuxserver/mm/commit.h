/*
 * Overcommit: how much memory all programs may promise themselves. Source: Linux 6.1's
 * Documentation/mm/overcommit-accounting.
 *
 * What counts: private writable regions (REGION_ACCOUNT), and shared memory without a name.
 *
 * Locks: none of its own; a sum that is moved atomically.
 */
#pragma once

#include <mm.h>

enum { COMMIT_GUESS, COMMIT_ALWAYS, COMMIT_NEVER };

/* May that many bytes more be promised? What is obviously too much is refused; all of it by the mode. */
bool commit_allows(uint64_t bytes);

/* Counts bytes in, or out again. */
void commit_add(int64_t bytes);

/* Brings the sum up to date with a space's own count. mm->lock is held, or nobody else has the space. */
void commit_settle(struct mm *m);

/* vm.overcommit_memory: COMMIT_*. */
unsigned commit_mode(void);
void commit_set_mode(unsigned mode);

/* Bytes promised now, and the most that mode COMMIT_NEVER promises, for /proc/meminfo. */
uint64_t commit_promised(void);
uint64_t commit_limit(void);
