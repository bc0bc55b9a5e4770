/*
 * What QEMU hands to the kernel: the boot image, and inside it the root file systems.
 *
 * JGBOOT holds named sections (servers, the manifest, the run's configuration, roots); the kernel
 * reads it to find "bin/init", init reads the rest. JGROOT is one root file system, laid out so that
 * vfsd takes a file's pages over without a copy. Both are written by tools/jargoon (bootimage.py,
 * rootimage.py) and are little endian; whoever reads one checks every offset, as the file may be
 * corrupt.
 */
#pragma once

#include <jg/types.h>

#define JG_BOOT_MAGIC "JGBOOT1" /* eight bytes with the zero */
#define JG_BOOT_NAME_MAX 40     /* zero padded; all 40 may be used */
#define JG_BOOT_SECTIONS_MAX 63

struct jg_boot_section {
    char name[JG_BOOT_NAME_MAX];
    uint64_t offset; /* from the start of the image, page aligned */
    uint64_t size;   /* bytes; the rest of the last page is zero */
    uint64_t zero;
};

struct jg_boot_image {
    char magic[8];
    uint32_t count;
    uint32_t header_bytes; /* page aligned: where the first section may begin */
    struct jg_boot_section section[];
};

#define JG_ROOT_MAGIC "JGROOT1"
#define JG_ROOT_OWN_NODE 0u /* `link_to`: not a hard link */

struct jg_root_image {
    char magic[8];
    uint32_t count;       /* records; record 0 is the root directory, with the empty path */
    uint32_t index_bytes; /* of all records, which begin right behind this header */
    uint64_t data_offset; /* page aligned: where the files' pages begin */
    uint64_t total_bytes; /* of the whole image, data included */
    uint8_t zero[32];
};

/* Records stand one behind the other, each 8-aligned, parents before children. */
struct jg_root_record {
    uint32_t record_bytes; /* to the next record: fixed part, path, link, padding */
    uint32_t mode;         /* S_IFMT and permission bits as in Linux */
    uint32_t uid, gid;
    uint64_t mtime_sec;
    uint32_t mtime_nsec;
    uint32_t link_to; /* 1 + the index of an earlier record whose node this name shares, or 0 */
    uint64_t size;    /* of a regular file, else 0 */
    uint64_t data;    /* from data_offset, page aligned; regular, not empty, own node only */
    uint32_t rdev_major, rdev_minor;
    uint16_t path_len; /* no leading or trailing slash, no zero */
    uint16_t link_len; /* of a symbolic link's target, else 0 */
    uint32_t zero[2];
    char path[]; /* path_len bytes, then link_len bytes of the link's target */
};

_Static_assert(sizeof(struct jg_boot_section) == 64, "bootimage.py writes 64");
_Static_assert(sizeof(struct jg_boot_image) == 16, "bootimage.py writes 16");
_Static_assert(sizeof(struct jg_root_image) == 64, "rootimage.py writes 64");
_Static_assert(__builtin_offsetof(struct jg_root_record, size) == 32, "rootimage.py");
_Static_assert(__builtin_offsetof(struct jg_root_record, path_len) == 56, "rootimage.py");
_Static_assert(__builtin_offsetof(struct jg_root_record, path) == 68, "rootimage.py writes 68");
