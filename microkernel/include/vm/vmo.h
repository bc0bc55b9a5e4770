/*
 * VMOs: pages that are shared. Files, shared memory, devices.
 *
 * In:    vmo_create() and its sisters; vmo_transfer(), vmo_set_size(), vmo_range ops, vmo_move().
 * Life:  counted: a handle's object holds one reference, each mapping one. The last frees the pages
 *        (through the reaper when there are many).
 * Locks: the big lock. Order when both are needed: address space, then VMO.
 *
 * Pages sit in a radix tree of 64-way nodes; an entry is the frame's address with its state in the low bits.
 * Frames are written in place and are never copy-on-write.
 */
#pragma once

#include <core/list.h>
#include <jg/memory.h>
#include <jg/types.h>
#include <mm/frame.h>
#include <mm/reaper.h>

#define VMO_MAGIC 0x564d4f21u

struct aspace;

enum vmo_kind {
    VMO_PAGED = 0,
    VMO_CONTIGUOUS = 1, /* cannot change size or lose pages */
    VMO_PHYSICAL = 2,   /* device memory: no frames of ours */
};

enum page_state {
    PAGE_ABSENT = 0,
    PAGE_CLEAN = 1,
    PAGE_DIRTY = 2,
    PAGE_WRITEBACK = 3,
};

struct vmo {
    uint32_t magic;
    uint32_t refs;
    enum vmo_kind kind;
    bool plain;            /* PHYSICAL, but ordinary memory: mapped cached */
    uint32_t height;       /* of the radix tree; 0: root is NULL */
    void *root;
    uint64_t size;         /* bytes */
    uint64_t committed;    /* pages */
    jg_time_t modified, accessed; /* wall clock */
    struct account *account; /* pays for the pages; outlives the VMO (see vmo_create) */
    void (*account_release)(struct account *);
    struct list mappings;  /* struct mapping.vmo_link */
    uint32_t mapping_count;
    paddr_t base;          /* CONTIGUOUS, PHYSICAL */
    struct reap reap;
};

/*
 * Makes a VMO of `size` bytes of zeros, nothing committed, one reference.
 * `account` (may be NULL) must live until `release(account)` (may be NULL) is called at the very end.
 * Returns NULL without memory (release is not called then).
 */
struct vmo *vmo_create(uint64_t size, struct account *account, void (*release)(struct account *));

/* As vmo_create(), committed at once with physically contiguous zeroed frames. NULL: no memory or quota. */
struct vmo *vmo_create_contiguous(uint64_t size, struct account *account,
                                  void (*release)(struct account *));

/* A VMO of device memory: page aligned, not RAM (the caller has checked). NULL: no memory. */
struct vmo *vmo_create_physical(paddr_t base, uint64_t size);

/*
 * Adopts reserved, contiguous frames (the boot image): they return to the allocator when decommitted or
 * moved away. `base` is page aligned. NULL: no memory.
 */
struct vmo *vmo_from_frames(paddr_t base, uint64_t size);

/* Makes a VMO for one frame that stays its owner's (the time page): a VMO_PHYSICAL one, but cached. */
struct vmo *vmo_from_kernel_page(paddr_t page);

/* Pages that all VMOs hold now. */
uint64_t vmo_frames(void);

/* One more reference. */
static inline void vmo_ref(struct vmo *vmo)
{
    vmo->refs++;
}

/* One reference less; the last ends it. */
void vmo_unref(struct vmo *vmo);

/*
 * Sets the size. Shrinking frees, unmaps everywhere (private copies past the end too) and zeroes the rest of the last
 * page; so does the size that it has, for what was reserved past it. JG_OK, JG_ERR_NOT_SUPPORTED (contiguous, physical), JG_ERR_OUT_OF_RANGE (too large).
 */
jg_status_t vmo_set_size(struct vmo *vmo, uint64_t size);

/* Allocates every page of a range, which ends inside the size, or with `reserve` anywhere. JG_OK, NO_SPACE, NO_MEMORY, OUT_OF_RANGE. */
jg_status_t vmo_commit(struct vmo *vmo, uint64_t offset, uint64_t length, bool reserve);

/* Punches a hole: whole pages are freed, the ragged ends zeroed. JG_OK, NOT_SUPPORTED, OUT_OF_RANGE. */
jg_status_t vmo_decommit(struct vmo *vmo, uint64_t offset, uint64_t length);

/* The first offset >= offset with a committed page, or JG_ERR_NOT_FOUND. */
int64_t vmo_next_data(struct vmo *vmo, uint64_t offset);

/* The first offset >= offset without one, at most the size; JG_ERR_NOT_FOUND when offset >= size. */
int64_t vmo_next_hole(struct vmo *vmo, uint64_t offset);

/*
 * Moves whole pages; they become holes in src. Everything page aligned, ranges inside the sizes, dst != src or
 * not overlapping. JG_OK, OUT_OF_RANGE, NO_SPACE, NO_MEMORY (some may have moved), NOT_SUPPORTED.
 */
jg_status_t vmo_move(struct vmo *dst, uint64_t dst_offset, struct vmo *src, uint64_t src_offset,
                     uint64_t length);

/* Kernel reads of a VMO's bytes (ELF headers, boot image). Returns the bytes read; short at its end. */
size_t vmo_read(struct vmo *vmo, uint64_t offset, void *dst, size_t length);

/* Kernel writes; grows the size as needed. Returns JG_OK, NO_SPACE, NO_MEMORY. */
jg_status_t vmo_write(struct vmo *vmo, uint64_t offset, const void *src, size_t length);

/*
 * Moves bytes between a VMO and an address space, as jg_vmo_transfer. `op` is JG_TRANSFER_*; *offset is written
 * back by APPEND. Returns the bytes moved; or, when none: BAD_ADDRESS, NO_SPACE, NO_MEMORY, ABSENT, OUT_OF_RANGE,
 * and TOO_BIG (the limit is reached).
 */
int64_t vmo_transfer(struct vmo *vmo, unsigned op, struct aspace *as, uintptr_t va, uint64_t length,
                     uint64_t *offset, uint64_t limit);
