/* jg_debug_dump: what every thread does. Locks: the big lock. */
#pragma once

/* Prints one line for each thread to the log: who it is, what it waits for, who holds its token. */
void dump_threads(void);
