/*
 * Making a native process out of an ELF in the boot image.
 */
#pragma once

#include <jg/startup.h>

#include "bootimage.h"

#define LOADER_GIFTS_MAX 24u

/* A handle (or, with JG_HANDLE_NONE, only a value) for the start-up list of a new process. */
struct loader_gift {
    const char *name;
    jg_handle_t handle; /* stays the caller's; needs DUPLICATE and TRANSFER */
    jg_rights_t rights; /* what the process gets, or JG_RIGHTS_SAME */
    uint64_t value;
};

struct loader_program {
    const char *name;
    const struct jg_boot_section *binary;
    jg_handle_t job;     /* which it lives in, and gets as "job" */
    unsigned priority;   /* of its first thread: JG_PRIORITY_* */
    uint32_t gift_count; /* beside "process", "aspace" and "job" */
    struct loader_gift gift[LOADER_GIFTS_MAX];
};

/*
 * Loads and starts a program. Its memory is committed, its stack included.
 *
 * Returns the process's handle; JG_ERR_BAD_FORMAT or JG_ERR_NOT_SUPPORTED (the ELF), or what the
 * kernel said. On failure nothing of it is left.
 */
int64_t loader_start(const struct bootimage *image, const struct loader_program *program);
