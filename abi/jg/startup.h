/*
 * What a native process finds when it starts: its first argument (rdi) points to a struct
 * jg_startup on its initial stack, a list of named handles and values that its maker gave it.
 *
 * Every process gets "process", "aspace", "job". init, from the kernel, also "resource" (ROOT),
 * "boot" (a VMO with the boot image) whose value is the image's size, and "time" (a VMO with the
 * time page). Servers, from init: "control"
 * (the bound end of init's session with them), "control_event" (raised for that session) and what
 * init/manifest grants; personalities also "vfs", "system", "console" (client ends), "time" and "events"
 * (the port where those sessions raise their events; key JG_EVENTS_*), and one entry with the value
 * 1 and no handle for each test option of the run, under its name (./jargoon run --kernel-option
 * NAME).
 */
#pragma once

#include <jg/types.h>

#define JG_STARTUP_NAME_MAX 24

#define JG_EVENTS_CONSOLE 1u
#define JG_EVENTS_VFS 2u

struct jg_startup_entry {
    char name[JG_STARTUP_NAME_MAX];
    jg_handle_t handle;
    uint32_t zero;
    uint64_t value;
};

struct jg_startup {
    uint32_t count;
    uint32_t zero;
    uint64_t stack_base, stack_size;
    struct jg_startup_entry entry[];
};
