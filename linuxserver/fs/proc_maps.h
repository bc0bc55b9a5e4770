/*
 * Texts that go through the regions of a process.
 */
#pragma once

#include "proc_task.h"

/* What follows the line of a region. */
typedef void (*region_text)(struct text *out, struct mm *mm, const struct region *r);

/*
 * A part of a text of regions: a line as in maps for each, and `details` (may be NULL) after it.
 * Returns 0, -ESRCH or -ENOMEM.
 */
int64_t proc_regions(struct task *reader, struct proc_node at, struct text *out,
                     region_text details);
