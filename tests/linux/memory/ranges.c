/*
 * Ranges that wrap around, and the stack as a mapping among others.
 */
#include "test.h"

#include <sys/mman.h>

#define PAGE 4096ul
#define MOST (UINT64_MAX - PAGE + 2) /* rounds up to 0 */

static char *some_pages(size_t count)
{
    char *p = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

TEST(mmap, lengths_that_wrap_around)
{
    char *p = some_pages(4), *free_place = some_pages(4);

    CHECK_OK(munmap(free_place, 4 * PAGE));
    CHECK_ERR(syscall(SYS_mprotect, p, MOST, PROT_NONE), ENOMEM);
    CHECK_ERR(syscall(SYS_munmap, p, MOST), EINVAL);
    CHECK_ERR(syscall(SYS_madvise, p, MOST, MADV_DONTNEED), EINVAL);
    CHECK_ERR(syscall(SYS_msync, p, -(uintptr_t)p, MS_SYNC), ENOMEM);
    CHECK_ERR(syscall(SYS_mremap, p, -PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, free_place), EINVAL);
    p[0] = p[3 * PAGE] = 1;
    CHECK_ERR(syscall(SYS_mremap, p, 5 * PAGE, 6 * PAGE, MREMAP_MAYMOVE), EFAULT);
    p[0] = 2;
}

static void use_stack(size_t bytes)
{
    volatile char block[8192];

    block[0] = 1;
    if (bytes > sizeof block)
        use_stack(bytes - sizeof block);
    block[1] = block[0];
}

TEST(mmap, the_stack_still_grows_after_its_low_pages_were_unmapped)
{
    CHECK_IN_CHILD({
        char *here = (char *)((uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1));

        use_stack(512 * 1024);
        CHECK_OK(munmap(here - 256 * 1024, 64 * 1024));
        CHECK_OK(mprotect(here - 128 * 1024, PAGE, PROT_READ));
        CHECK_OK(mprotect(here - 128 * 1024, PAGE, PROT_READ | PROT_WRITE));
        use_stack(230 * 1024);
    });
    CHECK_IN_CHILD({
        char *here = (char *)((uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1));

        use_stack(512 * 1024);
        for (char *at = here - 64 * 1024; munmap(at - PAGE, PAGE) == 0 && at > here - 1024 * 1024;)
            at -= PAGE;
        use_stack(1024 * 1024);
    });
}
