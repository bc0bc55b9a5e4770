/*
 * Arguments of the calls on VMOs and address spaces.
 */
#pragma once

#include <jg/types.h>

#define JG_PROT_READ 1u
#define JG_PROT_WRITE 2u
#define JG_PROT_EXECUTE 4u

/* jg_vmo_create flags. */
#define JG_VMO_CONTIGUOUS 1u

/* struct jg_map flags: one kind, one inherit attribute, options. */
#define JG_MAP_PRIVATE 0x1u   /* writes go to private copies; without it they go to the VMO */
#define JG_MAP_REPLACE 0x2u   /* replace what is there, atomically */
#define JG_MAP_ANYWHERE 0x4u  /* the kernel chooses va (written back); for native servers */
#define JG_MAP_POPULATE 0x8u  /* fault everything in; missing memory is no error */
#define JG_MAP_COMMIT 0x10u   /* fault everything in, or fail with NO_MEMORY and map nothing */
#define JG_MAP_INHERIT_SHIFT 8
#define JG_INHERIT_COPY 0u    /* fork copies (shares, for a shared VMO mapping) */
#define JG_INHERIT_NONE 1u    /* fork leaves a hole: MADV_DONTFORK */
#define JG_INHERIT_ZERO 2u    /* fork gives zeros: MADV_WIPEONFORK (private anonymous only) */

struct jg_map {
    uint64_t va;       /* page aligned; with ANYWHERE written back */
    uint64_t length;   /* bytes, rounded up to pages, not 0 */
    uint64_t offset;   /* into the VMO, page aligned */
    jg_handle_t vmo;   /* JG_HANDLE_NONE: private zeros (needs JG_MAP_PRIVATE) */
    uint32_t prot;     /* JG_PROT_*, may be 0 */
    uint32_t max_prot; /* what jg_aspace_protect may set later */
    uint32_t flags;
};

struct jg_move {
    uint64_t old_va, old_length; /* page aligned, all of it mapped, may span mappings */
    uint64_t new_va, new_length; /* growing extends the last mapping; shrinking unmaps the rest */
    uint32_t flags;              /* JG_MAP_REPLACE; JG_MOVE_KEEP leaves the old mapping, empty */
    uint32_t zero;
};
#define JG_MOVE_KEEP 0x100u

enum jg_aspace_op {
    JG_ASPACE_DROP = 1,         /* forget private pages (MADV_DONTNEED); the next touch is a miss */
    JG_ASPACE_POPULATE = 2,     /* fault in for reading (MADV_POPULATE_READ) */
    JG_ASPACE_POPULATE_WRITE = 3,
    JG_ASPACE_INHERIT_COPY = 4, /* set the inherit attribute */
    JG_ASPACE_INHERIT_NONE = 5,
    JG_ASPACE_INHERIT_ZERO = 6,
};

enum jg_vmo_op {
    JG_VMO_COMMIT = 1,    /* allocate every page of the range */
    JG_VMO_DECOMMIT = 2,  /* punch a hole: whole pages are freed, the rest zeroed, mappings included */
    JG_VMO_NEXT_DATA = 3, /* first offset >= offset with a committed page; `length` unused */
    JG_VMO_NEXT_HOLE = 4, /* first offset >= offset without one, at most the size */
    JG_VMO_RESERVE = 5,   /* as COMMIT, past the size too; there until the size is set, except to more */
};

/* jg_vmo_transfer. */
#define JG_TRANSFER_READ 1u   /* VMO -> memory */
#define JG_TRANSFER_WRITE 2u  /* memory -> VMO, growing its size as needed */
#define JG_TRANSFER_APPEND 3u /* as WRITE, at the size that it has then; offset is written back */
#define JG_TRANSFER_PEEK 4u   /* as READ, leaving the stamp of the last read */
struct jg_transfer {
    uint32_t op;
    jg_handle_t aspace; /* JG_HANDLE_NONE: the caller's own */
    uint64_t va;
    uint64_t length;
    uint64_t offset;
    uint64_t limit;     /* WRITE, APPEND: never grow beyond this size (RLIMIT_FSIZE); UINT64_MAX */
};

/* jg_aspace_copy. */
#define JG_COPY_READ 0x1u   /* from the address space into `buffer` */
#define JG_COPY_WRITE 0x2u  /* from `buffer` into the address space */
#define JG_COPY_STRING 0x4u /* with READ: stop after the first zero byte */
#define JG_COPY_NOWAIT 0x8u /* stop at an absent page rather than fault it in */
#define JG_COPY_FORCE 0x10u /* with WRITE: private mappings that forbid it are copied (ptrace) */
struct jg_copy {
    jg_handle_t aspace; /* JG_HANDLE_NONE: the caller's own */
    uint32_t flags;
    uint64_t va;
    uint64_t buffer;    /* the caller's memory */
    uint64_t length;
};
