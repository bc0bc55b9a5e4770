/*
 * Credentials as plain values. Source: credentials(7), capabilities(7).
 */
#include <cred.h>

#include <jg/rt/string.h>

#include <linux/capability.h>

#define CAP_ALL ((2ull << CAP_LAST_CAP) - 1)
#define CAP_FS                                                                                     \
    (1ull << CAP_CHOWN | 1ull << CAP_MKNOD | 1ull << CAP_DAC_OVERRIDE |                            \
     1ull << CAP_DAC_READ_SEARCH | 1ull << CAP_FOWNER | 1ull << CAP_FSETID |                       \
     1ull << CAP_LINUX_IMMUTABLE | 1ull << CAP_MAC_OVERRIDE)

void cred_init_root(struct cred *c)
{
    memset(c, 0, sizeof *c);
    c->cap_permitted = c->cap_effective = c->cap_bounding = CAP_ALL;
}

void cred_fix_capabilities(struct cred *c, const struct cred *before)
{
    bool had_root = !before->uid || !before->euid || !before->suid;

    if (had_root && c->uid && c->euid && c->suid)
        c->cap_permitted = c->cap_effective = 0;
    if (!before->euid && c->euid)
        c->cap_effective = 0;
    if (before->euid && !c->euid)
        c->cap_effective = c->cap_permitted;
    if (!before->fsuid && c->fsuid)
        c->cap_effective &= ~CAP_FS;
    if (before->fsuid && !c->fsuid)
        c->cap_effective |= c->cap_permitted & CAP_FS;
}

bool cred_in_group(const struct cred *c, uint32_t gid)
{
    if (c->fsgid == gid)
        return true;
    for (uint32_t i = 0; i < c->group_count; i++) {
        if (c->groups[i] == gid)
            return true;
    }
    return false;
}
