/*
 * Faults and processor exceptions as signals, and what a handler's frame tells of the last one.
 */
#pragma once

#include <linux.h>

struct task;

/*
 * Notes a page fault in t->last_fault. `flags` are JG_FAULT_*. Called by the task's worker.
 */
void exception_note_fault(struct task *t, uint64_t address, uint32_t flags);

/*
 * Notes a processor exception there, and fills what Linux sends for it. `address` is CR2 where it means something,
 * `pc` where it was. Returns false when there is nothing to send (an exception that its own flags do not
 * explain).
 */
bool exception_info(struct task *t, const uint64_t *words, siginfo_t *info);
