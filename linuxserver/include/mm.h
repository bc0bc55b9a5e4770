/*
 * Address spaces as Linux programs see them.
 *
 * A `struct mm` is a kernel address space plus the *regions*: what Linux means by each range. The
 * kernel's own list of mappings serves faults; only this server changes either, under mm->lock. mm
 * never includes fs: a region that shows a file holds a `struct backing`, which fs embeds in its
 * inode.
 *
 * Locks: mm->lock. User memory may be copied with or without it; a copy that may fault is made without.
 */
#pragma once

#include <jg/rt/sync.h>
#include <jg/stubs.h>

#include <hot.h>
#include <linux.h>

struct task;

/* What a file offers to its mappings. Counted; `release` runs at zero. */
struct backing {
    uint32_t refs;
    jg_handle_t vmo;
    uint64_t device, inode;
    int32_t writers; /* > 0: descriptions open for writing; < 0: programs that run from it */
    int32_t shared_writers; /* > 0: regions with REGION_WRITER; < 0: there shall be none (F_SEAL_WRITE) */
    bool sealed;            /* new mappings may not write (F_SEAL_FUTURE_WRITE) */
    void (*release)(struct backing *b);
    /* Writes the file's path into buf, for /proc/PID/maps. Returns its length or -errno. */
    int (*path)(struct backing *b, char *buf, size_t size);
    /* [nothing] A region more, or one less, shows it. mm->lock is held. */
    void (*mapped)(struct backing *b, int change);
};

static inline void backing_get(struct backing *b)
{
    __atomic_add_fetch(&b->refs, 1, __ATOMIC_RELAXED);
}

/* Lets go of one reference; the last closes what is behind the mapping. */
void backing_put(struct backing *b);

/* Counts a writer, or (deny) a running program; false: the others are there (ETXTBSY). */
bool backing_claim(struct backing *b, bool deny);
void backing_unclaim(struct backing *b, bool deny);

#define REGION_STACK      0x1u /* grows downwards on faults: the stack, MAP_GROWSDOWN */
#define REGION_HEAP       0x2u /* brk */
#define REGION_SHARED     0x4u /* MAP_SHARED */
#define REGION_DONTFORK   0x8u
#define REGION_WIPEONFORK 0x10u
#define REGION_LOCKED     0x20u
#define REGION_NORESERVE  0x40u
#define REGION_VDSO       0x80u
#define REGION_WRITE_DENIED                                                                        \
    0x100u /* shared mapping that may not become writable: mprotect is EACCES */
#define REGION_WRITER  0x200u /* shared mapping of what was opened for writing */
#define REGION_ACCOUNT 0x400u /* counts as promised memory: mm/commit.h */

struct region {
    uint64_t start, end;
    uint32_t prot; /* JG_PROT_* == PROT_* */
    uint32_t flags;
    struct backing *backing; /* NULL: anonymous */
    uint64_t offset;         /* into the backing, of `start` */
};

/* How memory is locked. Nothing is ever paged out here: it tells what is brought in at once, and counts. */
enum mm_lock { MM_UNLOCKED, MM_LOCK_ONFAULT, MM_LOCK_POPULATE };

struct mm {
    uint32_t refs;
    struct mutex lock;
    jg_handle_t aspace;
    struct region *regions; /* sorted, not overlapping */
    unsigned count, room;   /* room: slots in all */
    unsigned front;         /* free slots before the first region */
    uint64_t gap_length,
        gap_top; /* no free range of gap_length bytes lies above gap_top; 0: not known */
    uint64_t brk_start, brk;
    uint64_t arg_start, arg_end, env_start, env_end, stack_start;
    uint64_t code_start, code_end, data_start, data_end;
    struct backing *exe;
    uint64_t auxv[48];
    unsigned auxv_words;
    uint64_t mapped; /* bytes in regions */
    uint64_t mapped_peak; /* the most that it was before something was unmapped */
    enum mm_lock lock_future; /* what new regions get: mlockall(MCL_FUTURE) */
    uint64_t data_bytes; /* of them private and writable, stacks apart: RLIMIT_DATA */
    uint64_t stack_limit; /* RLIMIT_STACK, in bytes: how far a stack region grows */
    uint64_t accounted, accounted_known; /* promised bytes: now, and as the sum has them */
    bool dumpable;
    uint32_t barriers; /* what membarrier(2) was registered for */
    bool starved; /* a copy found no memory: the call that made it gives ENOMEM for EFAULT */
};

/* A new, empty address space; one reference. NULL: no memory. */
struct mm *mm_create(void);

/* fork: a copy, all or nothing. NULL: no memory. `m` is unlocked. */
struct mm *mm_clone(struct mm *m);

static inline struct mm *mm_get(struct mm *m)
{
    __atomic_add_fetch(&m->refs, 1, __ATOMIC_RELAXED);
    return m;
}

/* Lets go of one reference; the last unmaps everything. */
void mm_put(struct mm *m);

/* Limits of the process, as far as mappings ask for them. */
struct mm_limits {
    uint64_t address_space, data, stack, locked;
    bool low; /* may map below vm.mmap_min_addr */
};

#define MM_FIXED        0x1u
#define MM_NOREPLACE    0x2u
#define MM_POPULATE     0x4u
#define MM_LOCKED       0x10u /* MAP_LOCKED */
#define MM_32BIT        0x20u /* MAP_32BIT */

struct mm_map {
    uint64_t hint, length;
    uint32_t prot, max_prot;
    uint32_t region_flags;
    uint32_t options;        /* MM_* */
    int64_t refusal;         /* what the file says against it, -errno, once there is a place */
    bool promised;           /* shared memory without a name, which counts as promised */
    struct backing *backing; /* reference is taken by the region */
    uint64_t offset;
};

/* mmap: returns the address or -errno. Takes mm->lock. Source: mmap(2). */
int64_t mm_map(struct mm *m, const struct mm_map *request, const struct mm_limits *limits);
int64_t mm_unmap(struct mm *m, uint64_t start, uint64_t length);
/* mprotect, with all checks of its arguments. Takes mm->lock. Source: mprotect(2). */
int64_t mm_protect(struct mm *m, uint64_t start, uint64_t length, uint64_t prot,
                   const struct mm_limits *limits);
/* mremap, with all checks of its arguments. Takes mm->lock. Source: mremap(2). */
int64_t mm_remap(struct mm *m, uint64_t old, uint64_t old_length, uint64_t new_length,
                 uint64_t flags, uint64_t target, const struct mm_limits *limits);
/* brk: returns the break that is in force afterwards. */
uint64_t mm_brk(struct mm *m, uint64_t wanted, const struct mm_limits *limits);
/* madvise, with all checks of its arguments. Takes mm->lock. Source: madvise(2). */
int64_t mm_advise(struct mm *m, uint64_t start, uint64_t length, int advice);

/*
 * mlock, munlock (MM_UNLOCKED): up to the first hole, which is -ENOMEM. limits->locked is UINT64_MAX
 * for those who may lock all they want. Takes mm->lock. Source: mlock(2).
 */
int64_t mm_lock(struct mm *m, uint64_t start, uint64_t length, enum mm_lock how,
                const struct mm_limits *limits);
/* mlockall, munlockall: what is there now (if `current`), and what comes later (`future`). */
int64_t mm_lock_all(struct mm *m, bool current, enum mm_lock how, enum mm_lock future,
                    const struct mm_limits *limits);
/*
 * Brings in every page of [start, end) that is mapped, private writable ones to be written. Holds no
 * lock. Returns 0; -ENOMEM (a page that cannot be touched) or -EAGAIN (no memory), after the rest.
 */
int64_t mm_bring_in(struct mm *m, uint64_t start, uint64_t end);
/*
 * shmdt: unmaps what is left of the segment (a backing for which `is_segment` holds) that was attached at
 * `va`. Takes mm->lock. Returns 0 or -EINVAL. Source: shmdt(2).
 */
int64_t mm_detach(struct mm *m, uint64_t va, bool (*is_segment)(const struct backing *b),
                  uint64_t (*size)(const struct backing *b));

/* Is any page of the range locked? Takes mm->lock. */
bool mm_has_locked(struct mm *m, uint64_t start, uint64_t length);

/* The region that holds va, or the first one after it. mm->lock is held. NULL: none. */
struct region *mm_find(struct mm *m, uint64_t va);

/*
 * A fault that the kernel could not resolve. Grows the stack if that is what it is. Returns 0
 * (retry), or the signal with *code set (SIGSEGV: SEGV_MAPERR, SEGV_ACCERR; SIGBUS: BUS_ADRERR).
 */
int mm_fault(struct mm *m, uint64_t va, uint32_t fault_flags, jg_status_t why, int *code);

/*
 * Copies between the server and a program. All or nothing: 0 or -EFAULT (-ENOMEM). May fault; hold
 * no lock that a fault could need. The _some forms return how many bytes were copied.
 */
int copy_in(struct mm *m, void *dst, uint64_t va, size_t size);
int copy_out(struct mm *m, uint64_t va, const void *src, size_t size);
size_t copy_in_some(struct mm *m, void *dst, uint64_t va, size_t size);
size_t copy_out_some(struct mm *m, uint64_t va, const void *src, size_t size);
/* A zero-terminated string of at most size-1 bytes: its length, -EFAULT, or -ENAMETOOLONG. */
int64_t copy_in_string(struct mm *m, char *dst, uint64_t va, size_t size);
/* Writes zeros. */
int clear_out(struct mm *m, uint64_t va, size_t size);

/* Counts for /proc and rusage, in pages. */
struct mm_usage {
    uint64_t resident, shared, tables, virtual_pages;
    uint64_t resident_peak, virtual_peak;
};

/* Counts now; the process may go on meanwhile. */
void mm_usage(struct mm *m, struct mm_usage *usage);

/* What is mapped, by its use, in bytes. Source: proc(5), VmData and its neighbours. */
struct mm_parts {
    uint64_t code, libraries; /* executable: the program's, all others' */
    uint64_t data;            /* private and writable, but for the stack */
    uint64_t stack, locked;
};

/* Takes mm->lock. */
void mm_parts(struct mm *m, struct mm_parts *parts);

/*
 * Moves bytes between a VMO and a program (op: JG_TRANSFER_*; *offset is moved by APPEND to where
 * it began). Returns bytes, short where memory or the VMO ends; -EFAULT, -ENOSPC, -ENOMEM, -EFBIG
 * when none. m NULL: the server's memory.
 */
int64_t mm_transfer(struct mm *m, jg_handle_t vmo, uint32_t op, uint64_t va, uint64_t length,
                    uint64_t *offset, uint64_t size_limit);
