/*
 * The template's one program.
 */
#pragma once

#include <jg/stubs.h>

struct program {
    jg_handle_t aspace, process, thread;
};

/*
 * Loads the static executable `path` from the first tree that has it and starts it with its traps
 * going to `port` under `cookie`. `strings` are argc arguments and envc environment strings, one
 * behind the other, `size` bytes in all. Returns NULL, or a clause that tells what went wrong; then
 * program_end() is still due.
 */
const char *program_start(struct program *p, const jg_handle_t tree[2], const char *path,
                          jg_handle_t job, jg_handle_t port, uint64_t cookie, const char *strings,
                          size_t size, uint32_t argc, uint32_t envc);

/* Ends the program, its thread and the token of its trap, and gives its memory back. */
void program_end(struct program *p);
