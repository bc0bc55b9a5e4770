/*
 * memfd_create: its arguments. The file is fs/memfd.c's.
 */
#include "sys.h"

#include <linux/memfd.h>

#include <file.h>
#include <fs/memfd.h>

#define NAME_MOST 249u /* 255 without "memfd:" */

int64_t sys_memfd_create(struct task *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[1];
    char name[NAME_MOST + 1];
    struct file *f;
    int64_t r;

    if (flags & ~(uint32_t)(MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
        bool huge = flags & MFD_HUGETLB;
        uint32_t known =
            MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_HUGE_MASK << MFD_HUGE_SHIFT;

        return huge && !(flags & ~known) ? -ENOSYS : -EINVAL;
    }
    r = copy_in_string(t->mm, name, a[0], sizeof name);
    if (r < 0)
        return r == -ENAMETOOLONG ? -EINVAL : r;
    r = memfd_create(t, name, flags, &f);
    if (r)
        return r;
    r = fd_install(t, f, 0, flags & MFD_CLOEXEC);
    if (r < 0)
        file_put(f);
    return r;
}
