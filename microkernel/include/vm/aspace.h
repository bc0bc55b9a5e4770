/*
 * Address spaces: mappings, private pages, faults, fork.
 *
 * In:    aspace_create(), aspace_clone(), aspace_map() and its sisters; aspace_fault() from the trap code.
 * Life:  counted: processes and handles' objects hold references. The last hands it to the reaper.
 * Locks: the big lock.
 *
 * Private pages live directly in the leaf entries of the page tables and are counted in their frames; a mapping
 * says only what a miss means (zeros, or VMO + offset). A cached entry may be dropped at any time.
 */
#pragma once

#include <arch/pte.h>
#include <core/list.h>
#include <jg/call.h>
#include <jg/info.h>
#include <jg/memory.h>
#include <jg/types.h>
#include <mm/frame.h>
#include <mm/reaper.h>

#define ASPACE_MAGIC 0x41535043u

struct vmo;

/* A range of one address space. Ordered by `start` in a treap and in a list. */
struct mapping {
    struct mapping *left, *right, *parent;
    uint32_t priority;
    uint8_t prot, max_prot;  /* JG_PROT_* */
    uint8_t inherit;         /* JG_INHERIT_* */
    bool private;
    uintptr_t start, end;
    struct vmo *vmo;         /* NULL: zeros */
    uint64_t offset;
    struct aspace *aspace;
    struct list link;        /* in aspace->ordered */
    struct list vmo_link;    /* in vmo->mappings */
};

struct aspace {
    struct pagetable pt;     /* first: arch/ finds the root here */
    uint32_t magic;
    uint32_t refs;
    struct mapping *tree;
    struct mapping *last;    /* the last one that a fault hit */
    struct list ordered;
    uint32_t mapping_count;
    uint64_t private_pages, shared_pages;
    uint64_t peak_pages; /* both together, as far as was noted before pages were dropped */
    uint64_t mapped_bytes;
    bool program; /* trapped threads run in it: the last frames are not for them */
    uint32_t paid_tables;    /* page table pages that the account was charged for */
    struct account *account;
    void (*account_release)(struct account *);
    struct reap reap;
    uintptr_t reap_at;
};

/* Makes an empty one, one reference; account and release as in vmo_create(). NULL: no memory. */
struct aspace *aspace_create(struct account *account, void (*release)(struct account *));

/*
 * fork: a copy by each mapping's inherit attribute, paid by `account`. All or nothing.
 * On success *out holds one reference. JG_OK, QUOTA, NO_MEMORY (release is not called then).
 */
jg_status_t aspace_clone(struct aspace *as, struct account *account,
                         void (*release)(struct account *), struct aspace **out);

/* One more reference. */
static inline void aspace_ref(struct aspace *as)
{
    as->refs++;
}

/* One reference less; the last one hands it to the reaper. */
void aspace_unref(struct aspace *as);

/*
 * Maps as struct jg_map says (m->vmo is ignored; `vmo`, which may be NULL, is referenced by the mapping).
 * m->va is written back with JG_MAP_ANYWHERE. Rights are the caller's business.
 * JG_OK, INVALID_ARGS, OUT_OF_RANGE, EXISTS, NO_MEMORY, QUOTA (COMMIT).
 */
jg_status_t aspace_map(struct aspace *as, struct vmo *vmo, struct jg_map *m);

/* Unmaps all in a range. JG_OK, OUT_OF_RANGE, NO_MEMORY (a split). */
jg_status_t aspace_unmap(struct aspace *as, uintptr_t va, uint64_t length);

/* Changes the protection; all or nothing. JG_OK, OUT_OF_RANGE, NOT_FOUND, ACCESS_DENIED, NO_MEMORY. */
jg_status_t aspace_protect(struct aspace *as, uintptr_t va, uint64_t length, uint32_t prot);

/* mremap, as struct jg_move says. JG_OK, OUT_OF_RANGE, NOT_FOUND, EXISTS, NO_MEMORY. */
jg_status_t aspace_move(struct aspace *as, const struct jg_move *m);

/* A range operation, enum jg_aspace_op. JG_OK, OUT_OF_RANGE, NOT_FOUND, NO_MEMORY, INVALID_ARGS. */
jg_status_t aspace_range(struct aspace *as, uint32_t op, uintptr_t va, uint64_t length);

/*
 * Resolves a fault; flags are JG_FAULT_* (PRESENT is not looked at).
 * JG_OK (retry the access), BAD_ADDRESS (nothing mapped), PROTECTED, BEYOND_SIZE, NO_MEMORY, ABSENT.
 */
jg_status_t aspace_fault(struct aspace *as, uintptr_t va, unsigned flags);

/*
 * Copies between two address spaces (one may be the other), honouring the protections of both.
 * flags: JG_COPY_NOWAIT (do not fault in), JG_COPY_STRING (stop after a zero byte), JG_COPY_FORCE (private
 * mappings of dst that forbid writing are copied and written; those of src that forbid reading are read).
 * Returns the bytes copied; or, when none: BAD_ADDRESS, PROTECTED, BEYOND_SIZE, NO_MEMORY, ABSENT of whichever
 * side stopped.
 */
int64_t aspace_copy(struct aspace *dst, uintptr_t dst_va, struct aspace *src, uintptr_t src_va,
                    size_t length, unsigned flags);

/* Copies out of an address space into kernel memory; otherwise as aspace_copy(). */
int64_t aspace_read(struct aspace *as, uintptr_t va, void *dst, size_t length, unsigned flags);

/* Copies kernel memory into an address space; otherwise as aspace_copy(). */
int64_t aspace_write(struct aspace *as, uintptr_t va, const void *src, size_t length, unsigned flags);

/*
 * Compare-exchange of an aligned word; equal arguments only read.
 * Returns the old value, or INVALID_ARGS, BAD_ADDRESS, NO_MEMORY.
 */
int64_t aspace_cas(struct aspace *as, uintptr_t va, uint32_t expected, uint32_t desired);

/* Fills in what JG_INFO_ASPACE tells. */
void aspace_info(const struct aspace *as, struct jg_info_aspace *info);

/*
 * What JG_INFO_MAPPED tells of each page of a range. Returns the first address after it where a page
 * may be, or JG_USER_TOP.
 */
uintptr_t aspace_mapped(struct aspace *as, uintptr_t va, uint64_t pages, uint8_t *page);
