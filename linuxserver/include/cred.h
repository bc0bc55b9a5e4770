/*
 * Who a task is: user and group ids, supplementary groups, capabilities. Plain values, copied at
 * fork.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/capability.h>

#define GROUPS_LIMIT 32

struct cred {
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
    uint64_t cap_permitted, cap_effective, cap_inheritable, cap_bounding, cap_ambient;
    uint32_t securebits; /* SECBIT_* */
    uint32_t group_count;
    uint32_t groups[GROUPS_LIMIT];
};

static inline bool cred_capable(const struct cred *c, unsigned cap)
{
    return c->cap_effective >> cap & 1;
}

/* The root user of a fresh system: all ids 0, all capabilities. */
void cred_init_root(struct cred *c);

#define CAP_ALL ((2ull << CAP_LAST_CAP) - 1)

/*
 * Recomputes capabilities after ids changed from `before`: the real, effective and saved ones; or
 * that of the file system alone. Source: capabilities(7), "Effect of user ID changes".
 */
void cred_fix_capabilities(struct cred *c, const struct cred *before);
void cred_fix_fs_capabilities(struct cred *c, const struct cred *before);

/* What is known of a program's file and of how it is executed. */
struct cred_file {
    bool set_uid, set_gid; /* the bits, as far as the mount honours them */
    uint32_t uid, gid;
    bool unprivileged; /* no_new_privs: nothing may be gained */
    bool shared;       /* another process shares the file system context: only CAP_SETUID gains */
};

/*
 * Turns `c` into what it is after exec. Returns whether the program must not trust its environment
 * (AT_SECURE). Source: capabilities(7), "Transformation of capabilities during execve()".
 */
bool cred_exec(struct cred *c, const struct cred_file *file);

/* Has `c` ids or capabilities that `before` had not, so that memory must not be shown any more? */
bool cred_differs(const struct cred *c, const struct cred *before);

/* Whether `gid` is the file system group or one of the supplementary ones. */
bool cred_in_group(const struct cred *c, uint32_t gid);
