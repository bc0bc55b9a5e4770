/*
 * What the files of vm/ tell each other. Nothing outside includes it, but the host tests.
 */
#pragma once

#include <core/assert.h>
#include <vm/aspace.h>
#include <vm/vmo.h>

/* --- radix.c: the pages of a VMO ------------------------------------------------------------- */

#define PAGE_STATE_MASK 3ul
#define RADIX_SHIFT 6
#define RADIX_FANOUT (1u << RADIX_SHIFT)

static inline paddr_t entry_frame(uint64_t entry)
{
    return entry & ~PAGE_MASK;
}

/* The slot of page `index`, or NULL: not there (or, with `make`, no memory for nodes). */
uint64_t *radix_slot(struct vmo *vmo, uint64_t index, bool make);

/*
 * The slot after `slot`, which is that of `index`, or NULL where another node begins. While nothing is added or taken out.
 */
static inline uint64_t *radix_after(const struct vmo *vmo, uint64_t *slot, uint64_t index)
{
    return vmo->height && (index + 1) % RADIX_FANOUT ? slot + 1 : NULL;
}

/* The first index >= `index` that has a page, or UINT64_MAX. */
uint64_t radix_next(struct vmo *vmo, uint64_t index);

/*
 * Takes out every page of [first, end), and the nodes that are empty then. Each page goes to `drop` (may be NULL: the
 * slots are known to be empty). Returns how many there were.
 */
uint64_t radix_clear(struct vmo *vmo, uint64_t first, uint64_t end, void (*drop)(paddr_t frame));

/* --- vmo.c ------------------------------------------------------------------------------------ */

#define VMO_SIZE_MAX (1ul << 60)

/*
 * The frame of page `index`, or a fresh one with `make` (zeroed unless `whole`: the caller writes all of it).
 * *frame 0: a hole. JG_OK, NO_SPACE (account), NO_MEMORY.
 */
jg_status_t vmo_page(struct vmo *vmo, uint64_t index, bool make, bool whole, paddr_t *frame);

/* Removes pages [first, end) from every mapping; private copies too if `private_too`. */
void vmo_unmap(struct vmo *vmo, uint64_t first, uint64_t end, bool private_too);

/* Before the size grows: clears what a mapping may have written to the last page past the size. */
void vmo_clear_tail(struct vmo *vmo);

/* --- tree.c: the mappings of an address space -------------------------------------------------- */

/* The mapping that contains `va`, or NULL. */
struct mapping *mapping_find(struct aspace *as, uintptr_t va);

/* The first mapping that ends after `va`, or NULL. */
struct mapping *mapping_from(struct aspace *as, uintptr_t va);

/* Inserts; it overlaps none. */
void mapping_insert(struct aspace *as, struct mapping *m);

/* Takes out. */
void mapping_remove(struct aspace *as, struct mapping *m);

static inline struct mapping *mapping_next(struct aspace *as, struct mapping *m)
{
    return m->link.next == &as->ordered ? NULL : list_entry(m->link.next, struct mapping, link);
}

static inline struct mapping *mapping_previous(struct aspace *as, struct mapping *m)
{
    return m->link.prev == &as->ordered ? NULL : list_entry(m->link.prev, struct mapping, link);
}

/* --- map.c -------------------------------------------------------------------------------------- */

/* Mapping structures set aside, so that what follows cannot fail. */
struct spare {
    struct mapping *mapping; /* linked through `left` */
};

/* Sets aside `count` more. False: no memory (what is there stays for spare_drop()). */
bool spare_fill(struct spare *spare, unsigned count);

/* Takes one; there is one. */
struct mapping *spare_take(struct spare *spare);

/* Frees what is left. */
void spare_drop(struct spare *spare);

/* A range of whole pages inside user space? */
static inline bool range_valid(uintptr_t va, uint64_t length)
{
    return length && !((va | length) & PAGE_MASK) && va < JG_USER_TOP && length <= JG_USER_TOP - va;
}

/* Is every page of the range mapped? */
bool range_mapped(struct aspace *as, uintptr_t start, uintptr_t end);

/* Gives a mapping its VMO: a reference, and a place in its list. */
void mapping_attach(struct mapping *m, struct vmo *vmo);

/* Frees a mapping that is in no tree. */
void mapping_free(struct mapping *m);

/* Makes a mapping begin at `at` if one reaches across it; takes a spare then. */
void mapping_split(struct aspace *as, uintptr_t at, struct spare *spare);

/* Unmaps [start, end); needs one spare if it cuts a mapping in two. */
void range_unmap(struct aspace *as, uintptr_t start, uintptr_t end, struct spare *spare);

/* Joins what can be joined around and inside [start, end). */
void range_merge(struct aspace *as, uintptr_t start, uintptr_t end);

/* Puts a new mapping in, joined with its neighbours where they are alike. Consumes `m`. */
void mapping_add(struct aspace *as, struct mapping *m);

/* --- pages.c: leaf entries ---------------------------------------------------------------------- */

/* Empties the leaf entries of [start, end): private ones (if wanted) and cached ones. */
void pages_drop(struct aspace *as, uintptr_t start, uintptr_t end, bool private_too);

/* Gives the entries of [start, end) another protection; the mapping is `m`. */
void pages_protect(struct aspace *as, const struct mapping *m, uintptr_t start, uintptr_t end);

/* Charges pages to an account; reaps before it gives up. */
bool pages_charge(struct account *account, uint64_t count);

/* The leaf entry for `va`; pays for new tables. NULL: no memory or quota. */
pte_t *pages_entry(struct aspace *as, uintptr_t va);

/* --- fault.c ------------------------------------------------------------------------------------ */

/* Makes page `va` of `m` present, writable if `write`. As aspace_fault(), protection already checked. */
jg_status_t fault_page(struct aspace *as, struct mapping *m, uintptr_t va, bool write);

/* Faults in [start, end), all mapped; for writing where `write` and the mapping allows. */
jg_status_t fault_range(struct aspace *as, uintptr_t start, uintptr_t end, bool write);

/* --- copy.c ------------------------------------------------------------------------------------- */

/*
 * Kernel address of byte `va` of an address space, good to the end of its page, until the next call that may fault
 * in the same space. flags: JG_COPY_NOWAIT, JG_COPY_FORCE. JG_OK, BAD_ADDRESS, PROTECTED, BEYOND_SIZE, NO_MEMORY,
 * ABSENT.
 */
jg_status_t page_address(struct aspace *as, uintptr_t va, bool write, unsigned flags, void **out);

/* The page of zeros, which is mapped where anonymous memory was only read. */
paddr_t zero_frame(void);
