/*
 * Threads: flags, states, priorities; jobs: quotas and policies.
 */
#pragma once

#include <jg/arch/x86_64/regs.h>
#include <jg/types.h>

/* jg_thread_create flags. */
#define JG_THREAD_COPY_STATE 1u /* registers, vector state and TLS bases of `like` */
#define JG_THREAD_PRIORITY_SHIFT 8
#define JG_PRIORITY_PROGRAM 0u /* trapped programs; the default */
#define JG_PRIORITY_SERVER 1u
#define JG_PRIORITY_DRIVER 2u

/* jg_thread_read_state, jg_thread_write_state. */
enum jg_state {
    JG_STATE_REGS = 1,   /* struct jg_regs */
    JG_STATE_VECTOR = 2, /* the XSAVE area, standard format; its size: JG_INFO_SYSTEM */
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
