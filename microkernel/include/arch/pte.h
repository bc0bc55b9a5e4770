/*
 * Page tables behind a small interface. A leaf entry is an opaque 64-bit word; 0 is "absent: ask the mapping".
 *
 * Kinds of a non-zero entry:
 *   private           a counted frame of this address space's own, present
 *   private, hidden   the same under PROT_NONE: not present, but keeps its frame
 *   cached            a VMO's frame (or the zero frame), present; may be dropped at any time
 *
 * Leaf tables hold PT_ENTRIES entries each; their addresses are kernel pointers that stay valid until
 * pt_free_*() of that range.
 */
#pragma once

#include <core/compiler.h>
#include <machine/pte.h>

/* The tables of one address space. */
struct pagetable {
    paddr_t root;
    uint32_t tables;         /* pages in use, the root included */
    uint32_t leaves, uppers; /* frame numbers: lists of them, through struct frame.next */
};

/*
 * Inline, in machine/pte.h:
 *   pte_make(frame, prot, kind)  kind: PTE_CACHED, PTE_PRIVATE, PTE_DEVICE; prot 0 hides (private only)
 *   pte_present(e) pte_private(e) pte_writable(e) pte_dirty(e) pte_frame(e)
 *   pte_with_prot(e, prot)       the same frame and kind with another protection (hides or shows)
 *   pte_read_only(e)             without the right to write
 */

/* Makes tables that share the kernel's half. JG_ERR_NO_MEMORY. */
int pt_create(struct pagetable *pt);

/* Frees all tables (every leaf entry must be 0 by now); if they are loaded, loads the kernel's. */
void pt_destroy(struct pagetable *pt);

/* If these tables are loaded, loads the kernel's own instead. */
void pt_unload(const struct pagetable *pt);

/* The entry for `va`, or NULL where there is no table. */
pte_t *pt_find(const struct pagetable *pt, uintptr_t va);

/* The entry after that one; NULL where its table ends: tables are as long as a page, and stand where one begins. */
static inline pte_t *pte_after(pte_t *entry)
{
    return (uintptr_t)(entry + 1) & PAGE_MASK ? entry + 1 : NULL;
}

/* The entry for `va`; makes tables as needed; NULL: no memory. */
pte_t *pt_make(struct pagetable *pt, uintptr_t va);

/*
 * Skips to the first address >= va that has a leaf table, below `end`; returns its entry and sets *va,
 * or NULL. Entries up to the end of the table (pt_table_end) can then be walked by pointer.
 */
pte_t *pt_next(const struct pagetable *pt, uintptr_t *va, uintptr_t end);

/* Frees the tables that map nothing but [start, end), both multiples of PT_LEAF_SPAN. */
void pt_free_range(struct pagetable *pt, uintptr_t start, uintptr_t end);

/* Forgets one page on every processor that may have these tables loaded. */
void pt_flush_page(const struct pagetable *pt, uintptr_t va);

/* Forgets everything of these tables. */
void pt_flush_all(const struct pagetable *pt);

/* Maps device memory for the kernel itself, uncached, for ever. Returns its address or NULL. */
void *arch_map_device(paddr_t base, size_t size);
