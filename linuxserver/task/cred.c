/*
 * Credentials as plain values. Source: credentials(7), capabilities(7).
 */
#include <cred.h>

#include <jg/rt/string.h>

#include <linux/capability.h>
#include <linux/securebits.h>

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

    if (c->securebits & SECBIT_NO_SETUID_FIXUP)
        return;
    if (had_root && c->uid && c->euid && c->suid) {
        if (!(c->securebits & SECBIT_KEEP_CAPS))
            c->cap_permitted = c->cap_effective = 0;
        c->cap_ambient = 0;
    }
    if (!before->euid && c->euid)
        c->cap_effective = 0;
    if (before->euid && !c->euid)
        c->cap_effective = c->cap_permitted;
}

void cred_fix_fs_capabilities(struct cred *c, const struct cred *before)
{
    if (c->securebits & SECBIT_NO_SETUID_FIXUP)
        return;
    if (!before->fsuid && c->fsuid)
        c->cap_effective &= ~CAP_FS;
    if (before->fsuid && !c->fsuid)
        c->cap_effective |= c->cap_permitted & CAP_FS;
}

bool cred_exec(struct cred *c, const struct cred_file *file)
{
    const struct cred old = *c;
    bool effective = false, set_id;

    if (!file->unprivileged && file->set_uid)
        c->euid = file->uid;
    if (!file->unprivileged && file->set_gid)
        c->egid = file->gid;
    c->cap_permitted = 0;
    if (!(c->securebits & SECBIT_NOROOT) && (!c->uid || !c->euid)) {
        c->cap_permitted = old.cap_bounding | old.cap_inheritable;
        effective = !c->euid;
    }
    set_id = c->euid != old.uid || c->egid != old.gid;
    if ((set_id || (c->cap_permitted & ~old.cap_permitted)) &&
        (file->unprivileged || file->shared)) {
        if (file->unprivileged || !cred_capable(&old, CAP_SETUID)) {
            c->euid = c->uid;
            c->egid = c->gid;
        }
        c->cap_permitted &= old.cap_permitted;
    }
    c->suid = c->fsuid = c->euid;
    c->sgid = c->fsgid = c->egid;
    if (set_id)
        c->cap_ambient = 0;
    c->cap_permitted |= c->cap_ambient;
    c->cap_effective = effective ? c->cap_permitted : c->cap_ambient;
    c->securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
    return set_id || (c->uid && (effective || (c->cap_permitted & ~c->cap_ambient)));
}

bool cred_differs(const struct cred *c, const struct cred *before)
{
    return c->euid != before->euid || c->egid != before->egid || c->fsuid != before->fsuid ||
           c->fsgid != before->fsgid || (c->cap_permitted & ~before->cap_permitted);
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
