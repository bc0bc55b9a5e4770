/*
 * The vDSO in programs' address spaces. See vdso.h; the code that runs there is image.c.
 */
#include "vdso.h"

#include <jg/rt/string.h>

extern const uint8_t vdso_image[], vdso_image_end[];

/* Never released: one reference is kept here for good. */
static void never(struct backing *b)
{
    (void)b;
}

static int put_name(char *buf, size_t size, const char *name)
{
    size_t n = strlen(name);

    if (n >= size)
        return -ENAMETOOLONG;
    memcpy(buf, name, n + 1);
    return (int)n;
}

static int image_name(struct backing *b, char *buf, size_t size)
{
    (void)b;
    return put_name(buf, size, "[vdso]");
}

static int page_name(struct backing *b, char *buf, size_t size)
{
    (void)b;
    return put_name(buf, size, "[vvar]");
}

static struct backing image = {.refs = 1, .release = never, .path = image_name};
static struct backing page = {.refs = 1, .release = never, .path = page_name};

int vdso_start(jg_handle_t time_page)
{
    uint64_t size = (uint64_t)(vdso_image_end - vdso_image), offset = 0;
    int64_t vmo;

    if (!time_page)
        return 0;
    vmo = jg_vmo_create(size, 0, JG_HANDLE_NONE);
    if (vmo < 0)
        return -ENOMEM;
    if (mm_transfer(NULL, (jg_handle_t)vmo, JG_TRANSFER_WRITE, (uintptr_t)vdso_image, size, &offset,
                    UINT64_MAX) != (int64_t)size) {
        jg_handle_close((jg_handle_t)vmo);
        return -ENOMEM;
    }
    page.vmo = time_page;
    image.vmo = (jg_handle_t)vmo;
    return 0;
}

int64_t vdso_map(struct mm *m)
{
    const struct mm_limits none = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, false};
    uint64_t size = page_up((uint64_t)(vdso_image_end - vdso_image));
    struct mm_map room = {.length = size + PAGE_SIZE};
    struct mm_map first = {.length = PAGE_SIZE,
                           .prot = JG_PROT_READ,
                           .max_prot = JG_PROT_READ,
                           .options = MM_FIXED,
                           .backing = &page};
    struct mm_map second = {.length = size,
                            .prot = JG_PROT_READ | JG_PROT_EXECUTE,
                            .max_prot = 7,
                            .options = MM_FIXED,
                            .backing = &image};
    int64_t at, err;

    if (!image.vmo)
        return 0;
    at = mm_map(m, &room, &none);
    if (at < 0)
        return at;
    first.hint = (uint64_t)at;
    second.hint = (uint64_t)at + PAGE_SIZE;
    err = mm_map(m, &first, &none);
    if (err >= 0)
        err = mm_map(m, &second, &none);
    return err;
}
