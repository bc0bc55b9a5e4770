/*
 * The template's one program.
 */
#pragma once

#include <ipc/vfs_client.h>

struct program {
    jg_handle_t aspace, process, thread;
};

/* What a program starts with: zero-terminated strings one behind the other. */
struct program_text {
    const char *path;
    const char *strings; /* argc arguments, then envc environment strings */
    size_t size;         /* of `strings` */
    uint32_t argc, envc;
};

/*
 * Loads the static executable `text->path` from `tree`, and starts it with its traps going to `port`
 * under `cookie`. Returns NULL, or what went wrong, a clause; then nothing of it is left.
 */
const char *program_start(struct program *p, jg_handle_t tree, jg_handle_t job, jg_handle_t port,
                          uint64_t cookie, const struct program_text *text);

/* Ends the program and gives its memory back. */
void program_end(struct program *p);
