/*
 * The boot image's directory (jg/image.h).
 *
 * In:   main.c opens it first and trims it when everything runs.
 * Note: the file comes from outside, so each offset is checked once, here.
 */
#include "bootimage.h"

#include <jg/rt/string.h>
#include <jg/stubs.h>

const char *bootimage_check(const struct jg_boot_image *head, uint64_t size)
{
    if (size < sizeof *head || memcmp(head->magic, JG_BOOT_MAGIC, sizeof head->magic))
        return "it is no boot image";
    if (head->count > JG_BOOT_SECTIONS_MAX || head->header_bytes > size ||
        head->header_bytes < sizeof *head + head->count * sizeof head->section[0])
        return "its directory is damaged";
    for (uint32_t i = 0; i < head->count; i++) {
        const struct jg_boot_section *s = &head->section[i];

        if (s->offset % JG_PAGE_SIZE || s->offset < head->header_bytes || s->offset > size ||
            s->size > size - s->offset)
            return "it is cut off or damaged";
    }
    return NULL;
}

const char *bootimage_open(struct bootimage *image, jg_handle_t vmo, uint64_t size)
{
    struct jg_map m = {
        .length = size,
        .vmo = vmo,
        .prot = JG_PROT_READ,
        .max_prot = JG_PROT_READ,
        .flags = JG_MAP_ANYWHERE,
    };

    if (!size || jg_aspace_map(JG_HANDLE_NONE, &m) < 0)
        return "it cannot be mapped";
    *image = (struct bootimage){vmo, (const struct jg_boot_image *)m.va, size};
    return bootimage_check(image->head, size);
}

const struct jg_boot_section *bootimage_find(const struct bootimage *image, const char *name)
{
    for (uint32_t i = 0; i < image->head->count; i++)
        if (!strncmp(image->head->section[i].name, name, JG_BOOT_NAME_MAX))
            return &image->head->section[i];
    return NULL;
}

const void *bootimage_data(const struct bootimage *image, const struct jg_boot_section *section)
{
    return (const char *)image->head + section->offset;
}

void bootimage_trim(struct bootimage *image, bool (*keep)(void *arg, const char *name), void *arg)
{
    for (uint32_t i = 0; i < image->head->count; i++) {
        const struct jg_boot_section *s = &image->head->section[i];
        uint64_t end = s->offset + s->size;

        end = (end + JG_PAGE_SIZE - 1) & ~(JG_PAGE_SIZE - 1ull);
        if (!keep(arg, s->name))
            jg_vmo_range(image->vmo, JG_VMO_DECOMMIT, s->offset,
                         (end < image->size ? end : image->size) - s->offset);
    }
}
