/* Leaf entries of x86-64 page tables: arch/pte.h has the contract. */
#pragma once

#include <core/compiler.h>
#include <jg/memory.h>

typedef uint64_t pte_t;

#define PT_ENTRIES 512u
#define PT_LEAF_SPAN (PT_ENTRIES * PAGE_SIZE) /* what one leaf table maps */

#define X86_PRESENT 0x001ul
#define X86_WRITE 0x002ul
#define X86_USER 0x004ul
#define X86_PWT 0x008ul
#define X86_PCD 0x010ul
#define X86_ACCESSED 0x020ul
#define X86_DIRTY 0x040ul
#define X86_LARGE 0x080ul
#define X86_GLOBAL 0x100ul
#define X86_PRIVATE 0x200ul /* software: a counted private frame */
#define X86_NX (1ul << 63)
#define X86_FRAME 0x000ffffffffff000ul

#define PTE_CACHED 0ul
#define PTE_PRIVATE X86_PRIVATE
#define PTE_DEVICE (X86_PCD | X86_PWT)

static inline pte_t pte_prot_bits(unsigned prot)
{
    pte_t bits = 0;

    if (prot)
        bits = X86_PRESENT | X86_USER | X86_ACCESSED;
    if (prot & JG_PROT_WRITE)
        bits |= X86_WRITE | X86_DIRTY;
    if (!(prot & JG_PROT_EXECUTE))
        bits |= X86_NX;
    return bits;
}

static inline pte_t pte_make(paddr_t frame, unsigned prot, uint64_t kind)
{
    return frame | pte_prot_bits(prot) | kind;
}

static inline bool pte_present(pte_t e)
{
    return e & X86_PRESENT;
}

static inline bool pte_private(pte_t e)
{
    return e & X86_PRIVATE;
}

static inline bool pte_writable(pte_t e)
{
    return e & X86_WRITE;
}

static inline bool pte_dirty(pte_t e)
{
    return e & X86_DIRTY;
}

static inline bool pte_executable(pte_t e)
{
    return !(e & X86_NX);
}

static inline paddr_t pte_frame(pte_t e)
{
    return e & X86_FRAME;
}

static inline pte_t pte_with_prot(pte_t e, unsigned prot)
{
    return (e & (X86_FRAME | X86_PRIVATE | X86_PCD | X86_PWT)) | pte_prot_bits(prot);
}

static inline pte_t pte_read_only(pte_t e)
{
    return e & ~X86_WRITE;
}

/* The first address after the leaf table that maps `va`. */
static inline uintptr_t pt_table_end(uintptr_t va)
{
    return (va | (PT_LEAF_SPAN - 1)) + 1;
}
