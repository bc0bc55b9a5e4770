/*
 * Capabilities by their raw calls, which musl does not have.
 */
#pragma once

#include "test.h"

#define VERSION_1 0x19980330u
#define VERSION_3 0x20080522u
enum { CAP_CHOWN = 0, CAP_SETUID = 7, CAP_SETPCAP = 8, CAP_NET_RAW = 13, CAP_SYS_ADMIN = 21 };

struct cap_header {
    uint32_t version;
    int pid;
};

struct caps {
    uint32_t effective, permitted, inheritable;
};

static inline void caps_get(struct caps c[2])
{
    struct cap_header head = {VERSION_3, 0};

    CHECK_OK(syscall(SYS_capget, &head, c));
}

static inline int caps_set(const struct caps c[2])
{
    struct cap_header head = {VERSION_3, 0};

    return (int)syscall(SYS_capset, &head, c);
}

static inline bool has(int cap)
{
    struct caps c[2];

    caps_get(c);
    return c[0].effective >> cap & 1;
}
