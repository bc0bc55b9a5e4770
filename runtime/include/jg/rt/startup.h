/*
 * What the process was given at its start, and its entry.
 *
 * A native server defines server_main(); the runtime's _start calls it with the list that the
 * process's maker wrote (jg/startup.h) and ends the process with the value that it returns.
 */
#pragma once

#include <jg/startup.h>

/*
 * The server's entry, defined by each server. Runs on the first thread, whose stack the process's
 * maker chose. Its result is the exit code of the process.
 */
int server_main(const struct jg_startup *startup);

/*
 * Finds a handle by its name. Any context. The handle stays owned by the process as a whole.
 * Returns JG_HANDLE_NONE when nothing with that name was given.
 */
jg_handle_t startup_handle(const struct jg_startup *startup, const char *name);

/*
 * Finds the value that came with a name. Any context. Returns 0 when there is none.
 */
uint64_t startup_value(const struct jg_startup *startup, const char *name);

/*
 * The list that this process was started with, for code far from server_main(). Any context, never
 * NULL once server_main() runs.
 */
const struct jg_startup *startup_list(void);
