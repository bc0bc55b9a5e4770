/*
 * The time page, in every native process.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/memory.h>

/* The VMO of the time page, made on first use and kept for ever; NULL without memory. No reference. */
struct vmo *time_page_vmo(void);

/* Maps it at JG_TIME_PAGE, read-only; once for each address space. JG_OK or JG_ERR_NO_MEMORY. */
jg_status_t time_page_map(struct memory *memory);
