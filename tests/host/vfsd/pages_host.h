/*
 * The memory that stands in for the kernel's, and what tests do with it as a client would.
 */
#pragma once

#include <pages.h>

/*
 * Writes and reads as a client does, with stamps. Writing returns NO_SPACE when the account is
 * full.
 */
int32_t host_write(jg_handle_t pages, uint64_t offset, const void *data, size_t length);
int32_t host_read(jg_handle_t pages, uint64_t offset, void *data, size_t length);

/* Counts handles that are open, of any kind: 0 at the end of a test that cleaned up. */
unsigned host_handles(void);

/* Counts blocks of the heap that are in use. */
unsigned host_blocks(void);

/* Lets the allocation after `after` more ones fail, and all later ones; UINT_MAX: none. */
void host_fail_after(unsigned after);

/* The clock, which every look moves by a microsecond. */
extern int64_t host_now;
