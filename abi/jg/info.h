/*
 * What jg_object_info tells, and the read-only time page.
 */
#pragma once

#include <jg/types.h>

enum jg_info {
    JG_INFO_HANDLE = 1,  /* any: struct jg_info_handle */
    JG_INFO_VMO = 2,     /* VMO: struct jg_info_vmo */
    JG_INFO_ASPACE = 3,  /* address space: struct jg_info_aspace */
    JG_INFO_TASK = 4,    /* process or thread: struct jg_info_task */
    JG_INFO_JOB = 5,     /* job: struct jg_info_job */
    JG_INFO_SYSTEM = 6,  /* HANDLE_NONE: struct jg_info_system */
    JG_INFO_PADDR = 7,   /* contiguous VMO: uint64_t, its physical address */
    JG_INFO_MAPPED = 8,  /* address space: struct jg_info_mapped, in and out */
    JG_INFO_ANSWERS = 9, /* thread: struct jg_info_answers (thread.h) */
};

struct jg_info_handle {
    uint64_t koid; /* unique among all objects ever */
    uint32_t type;
    jg_rights_t rights;
};

struct jg_info_vmo {
    uint64_t size;            /* bytes */
    uint64_t committed_pages;
    jg_time_t modified;       /* wall clock of the last change through write, size or mapping */
    jg_time_t accessed;       /* wall clock of the last transfer that read */
    uint32_t mappings;
    uint32_t zero;
};

struct jg_info_aspace {
    uint64_t private_pages;   /* frames in the private tree, shared after fork or not */
    uint64_t shared_pages;    /* VMO frames mapped now */
    uint64_t table_pages;
    uint64_t mapped_bytes;
    uint32_t mappings;
    uint32_t zero;
    uint64_t peak_pages;      /* the most that private_pages + shared_pages ever was */
};

struct jg_info_task {
    uint64_t user_ns;         /* in user mode */
    uint64_t server_ns;       /* spent on its behalf in servers and the kernel */
    uint64_t faults;
    int64_t exit_code;
    uint32_t state;           /* 0 new, 1 alive, 2 ended */
    uint32_t threads;
};

struct jg_info_job {
    uint64_t frames, frames_quota, objects, objects_quota, handles, handles_quota;
};

struct jg_info_system {
    uint64_t total_frames, free_frames, kernel_frames; /* kernel: heap and page tables */
    uint32_t cpus;
    uint32_t vector_size;     /* of JG_STATE_VECTOR */
    uint64_t vector_features; /* XCR0 */
    uint64_t context_switches, boot_wall_ns; /* wall clock at monotonic 0 */
    uint64_t idle_ns;
    uint64_t vmo_frames; /* pages of VMOs */
    uint64_t runnable;   /* threads of programs that wait for a processor */
};

/*
 * JG_INFO_MAPPED: what is known of each page of a range, one byte each: JG_PAGE_* bits, and above
 * them in how many address spaces the frame is mapped now (at most JG_PAGE_COUNT_MAX, which is also told of a page whose VMO
 * has too many mappings to look at; 0: no frame).
 */
#define JG_PAGE_PRESENT     0x01u /* there without a fault */
#define JG_PAGE_PRIVATE     0x02u /* in the private tree; it may be there and not PRESENT */
#define JG_PAGE_WRITTEN     0x04u
#define JG_PAGE_ZERO        0x08u /* the page of zeros that all share */
#define JG_PAGE_COUNT_SHIFT 4
#define JG_PAGE_COUNT_MAX   15u
struct jg_info_mapped {
    uint64_t va;     /* out: the first address after the range where a page may be */
    uint64_t pages;  /* at most 4096 */
    uint8_t page[];
};

/*
 * The time page: mapped read-only into every native process at JG_TIME_PAGE, and mappable into others.
 * monotonic_ns = (rdtsc - tsc_base) * mult >> shift; wall = monotonic + wall_offset. Read `sequence`
 * (even) before and after: a change in between means again.
 */
struct jg_time_page {
    uint32_t sequence;
    uint32_t shift;
    uint64_t tsc_base;
    uint64_t mult;
    int64_t wall_offset;
};
#define JG_TIME_PAGE 0x00007fffffffe000ull
