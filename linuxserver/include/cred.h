/*
 * Who a task is: user and group ids, supplementary groups, capabilities. Plain values, copied at
 * fork.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GROUPS_LIMIT 32

struct cred {
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
    uint64_t cap_permitted, cap_effective, cap_inheritable, cap_bounding;
    uint32_t group_count;
    uint32_t groups[GROUPS_LIMIT];
};

static inline bool cred_capable(const struct cred *c, unsigned cap)
{
    return c->cap_effective >> cap & 1;
}

/* The root user of a fresh system: all ids 0, all capabilities. */
void cred_init_root(struct cred *c);

/*
 * Recomputes capabilities after ids changed from `before`. Source: capabilities(7), "Effect of user
 * ID changes".
 */
void cred_fix_capabilities(struct cred *c, const struct cred *before);

/* Whether `gid` is the file system group or one of the supplementary ones. */
bool cred_in_group(const struct cred *c, uint32_t gid);
