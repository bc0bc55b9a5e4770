/*
 * Threads: flags, states, priorities; jobs: quotas and policies.
 */
#pragma once

#include <jg/arch/x86_64/regs.h>
#include <jg/types.h>

/* jg_thread_create flags. */
#define JG_THREAD_COPY_STATE 1u /* registers, vector state and TLS bases of `like` */
#define JG_THREAD_NO_VECTOR 2u  /* its code is compiled to use no vector registers: see jg_thread_create */
#define JG_THREAD_PRIORITY_SHIFT 8
#define JG_PRIORITY_PROGRAM 0u /* trapped programs; the default */
#define JG_PRIORITY_SERVER 1u
#define JG_PRIORITY_DRIVER 2u

/* jg_thread_set_turn. */
#define JG_TURN_RANK_MAX 99u
#define JG_TURN_NS 10000000        /* a thread's, unless it is set */
#define JG_TURN_LEAST_NS 100000
#define JG_TURN_MOST_NS 1000000000

/* jg_thread_read_state, jg_thread_write_state. */
enum jg_state {
    JG_STATE_REGS = 1,   /* struct jg_regs */
    JG_STATE_VECTOR = 2, /* the XSAVE area, standard format; its size: JG_INFO_SYSTEM */
    JG_STATE_ALL = 3,    /* struct jg_regs, and the vector state right behind it */
};

/*
 * Answers without a server (jg_thread_set_answers): what the kernel itself gives to system calls of a thread
 * that has exactly one level. `entry` is word 7 of a trap; each has a table of its own. A table belongs to one
 * thread: a new thread has none, whatever it was made like.
 */
#define JG_ENTRY_SYSCALL 0u
#define JG_ENTRY_INT80 1u
#define JG_ENTRIES 2u
#define JG_ANSWERS_NUMBERS 512u /* at most */
#define JG_ANSWERS_VALUES 16u
#define JG_ANSWERS_NO_BEYOND UINT64_MAX

struct jg_answers {
    uint64_t mask;        /* bits of the number that count */
    uint64_t beyond_from; /* numbers from here on are answered `beyond`, unless `which` knows them */
    int64_t beyond;
    uint32_t count;       /* bytes in `which`; 0: every number below beyond_from traps */
    uint32_t zero;
    int64_t value[JG_ANSWERS_VALUES];
    uint8_t which[JG_ANSWERS_NUMBERS]; /* by number: 0: it traps; n: answered value[n - 1] */
};

/* JG_INFO_ANSWERS: how often each was given since the table was set. */
struct jg_info_answers {
    uint64_t hits[JG_ENTRIES][JG_ANSWERS_VALUES];
    uint64_t beyond[JG_ENTRIES];
};

enum jg_job_what {
    JG_JOB_QUOTA_FRAMES = 1,  /* page frames of private memory and VMOs */
    JG_JOB_QUOTA_OBJECTS = 2, /* kernel objects */
    JG_JOB_QUOTA_HANDLES = 3,
    JG_JOB_ORPHANS = 4,       /* trapped threads whose server died: JG_ORPHANS_* */
    JG_JOB_MAX_PRIORITY = 5,  /* at most the parent's */
    JG_JOB_RESERVE_FRAMES = 6, /* guaranteed minimum, set aside from the parent's */
};
#define JG_ORPHANS_KILL 0u /* the default: the process ends with JG_ERR_PEER_CLOSED */
#define JG_ORPHANS_PASS 1u /* the level is removed and the trap goes to the one below, if any */
#define JG_ORPHANS_TELL 2u /* the level is removed and the one below, if any, gets JG_TRAP_ORPHAN */
