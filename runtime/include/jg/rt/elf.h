/*
 * Reading the head of an ELF64 executable for this machine: static, at fixed addresses.
 *
 * For init and for small personalities; nothing here maps or copies anything.
 */
#pragma once

#include <jg/types.h>

#define ELF_SEGMENTS_MAX 16
#define ELF_HEAD_MAX     2048u /* as many bytes as elf_read() ever wants to see */

/* One PT_LOAD. `va` and `offset` are equal modulo the page size. */
struct elf_segment {
    uint64_t va, memory_size;
    uint64_t offset, file_size; /* file_size <= memory_size; the rest is zeros */
    uint32_t prot;              /* JG_PROT_*, never WRITE together with EXECUTE */
};

struct elf_image {
    uint64_t entry;
    uint64_t headers_va; /* where the program headers are in memory, or 0 */
    uint32_t header_count;
    uint32_t segment_count;
    struct elf_segment segment[ELF_SEGMENTS_MAX]; /* ascending, not overlapping in pages */
};

/*
 * Checks the file's head and writes what is to be loaded into `out`.
 *
 * `head` are the first `head_size` bytes of a file of `file_size` bytes; the program headers must
 * lie in them. Every segment is inside the file and below JG_USER_TOP, and `entry` is inside an
 * executable one. Any context. Returns JG_OK, JG_ERR_BAD_FORMAT (not such an executable, or
 * damaged), or JG_ERR_NOT_SUPPORTED (one that needs an interpreter or may be moved).
 */
jg_status_t elf_read(const void *head, size_t head_size, uint64_t file_size, struct elf_image *out);
