/*
 * Page frames: which are free, how often the others are referred to, and who pays for them.
 *
 * In:    frame_alloc() for the kernel's own pages, frame_alloc_user() for memory that an account pays.
 * Life:  free -> one reference -> ... -> frame_unref() of the last frees it.
 * Locks: the big lock. An allocation that finds nothing runs the reaper to its end before it fails.
 */
#pragma once

#include <core/compiler.h>

/* One for each frame of RAM; 8 bytes. `next` links free frames and belongs to the owner otherwise. */
struct frame {
    uint32_t refs;
    uint32_t next;
};

extern struct frame *frame_table;

/*
 * An account pays for frames, up to a quota, and passes what exceeds its reserve on to its parent.
 * Jobs embed one. Zero it, then set quota (and parent).
 */
struct account {
    uint64_t frames;   /* in use now */
    uint64_t quota;    /* at most */
    uint64_t reserve;  /* charged to the parent already, used or not */
    struct account *parent;
    bool critical;     /* may use the last frames that programs are refused: servers */
};

/* Kernel address of physical memory that is RAM. */
static inline void *phys_to_virt(paddr_t pa);
/* Physical address of memory in the direct map. */
static inline paddr_t virt_to_phys(const void *va);
/* Kernel address of a frame. */
static inline void *frame_virt(paddr_t pa);
/* The record of the frame at `pa`, which is RAM. */
static inline struct frame *frame_of(paddr_t pa);

/*
 * Takes a frame for the kernel; contents undefined; one reference. Returns its address, 0 when there is
 * none left even after reaping.
 */
paddr_t frame_alloc(void);

/* As frame_alloc(), zeroed. */
paddr_t frame_alloc_zeroed(void);

/*
 * Takes a frame for memory that was charged already. Leaves a reserve for the kernel, and a larger one unless
 * `account` (may be NULL) is critical. Contents undefined. Returns 0 when there is none.
 */
paddr_t frame_alloc_user(const struct account *account);

/* Takes `count` physically contiguous frames, `align` a power of two in bytes; contents undefined; 0: none. */
paddr_t frame_alloc_contiguous(size_t count, size_t align);

/* One more reference. */
static inline void frame_ref(paddr_t pa);

/* One reference less; the last one frees it. */
static inline void frame_unref(paddr_t pa);

/* Frees a frame whatever its references are (0 or 1). */
void frame_free(paddr_t pa);

/* As frame_free(), for a frame that is full of zeros: the next frame_alloc_zeroed() may have it as it is. */
void frame_free_zeroed(paddr_t pa);

/* Is this address in RAM (known to the allocator)? */
bool frame_is_ram(paddr_t pa);

/* Frames in all, and free ones. */
uint64_t frames_total(void);
/* Free frames now, without what the reaper holds. */
uint64_t frames_free(void);

/*
 * Charges `frames` to an account and its ancestors (NULL: always true). False: over a quota; nothing changed.
 */
bool account_charge(struct account *a, uint64_t frames);

/* Gives back what account_charge() took. */
void account_refund(struct account *a, uint64_t frames);

/* Sets aside `frames` in a's parent for a alone. False: over the parent's quota. */
bool account_reserve(struct account *a, uint64_t frames);

/* Zeroes, copies a page with 64-bit moves. */
static inline void page_zero(void *page);
/* As page_zero(). */
static inline void page_copy(void *dst, const void *src);

#include <mm/frame_inline.h>
