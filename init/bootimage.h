/*
 * The boot image: named sections in one VMO, which the kernel gave to init.
 */
#pragma once

#include <jg/image.h>

struct bootimage {
    jg_handle_t vmo;
    const struct jg_boot_image *head; /* mapped read-only, all `size` bytes */
    uint64_t size;
};

/*
 * Checks the directory of an image that is mapped at `head`: every section is inside it.
 * Returns NULL when it is well, else what is wrong with it, a clause without a full stop.
 */
const char *bootimage_check(const struct jg_boot_image *head, uint64_t size);

/*
 * Maps the boot image `vmo` and checks it. Called once. Returns NULL, or what is wrong, as above.
 */
const char *bootimage_open(struct bootimage *image, jg_handle_t vmo, uint64_t size);

/* Finds a section by its name. Returns NULL when there is none. */
const struct jg_boot_section *bootimage_find(const struct bootimage *image, const char *name);

/* The bytes of a section, valid until bootimage_trim(). */
const void *bootimage_data(const struct bootimage *image, const struct jg_boot_section *section);

/*
 * Gives the memory of all sections but those that `keep` wants back to the machine. Nothing else of them may be
 * used afterwards; what the servers took out of them stays theirs.
 */
void bootimage_trim(struct bootimage *image, bool (*keep)(void *arg, const char *name), void *arg);
