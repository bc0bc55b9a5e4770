/*
 * When memory is short. See oom.c.
 */
#pragma once

#include <task.h>

/*
 * Is there too little memory to make another task, so that those that run keep some for their next
 * pages? Waits for the kernel's reaper first when it seems so. Takes no lock.
 */
bool memory_short(void);

/*
 * A page that `t` needs cannot be had: ends the process with the most memory, which may be t's own,
 * and waits a moment for what it gives back. Afterwards t touches the page again, unless it has
 * been killed. No lock is held.
 */
void memory_exhausted(struct task *t, uint64_t address);
