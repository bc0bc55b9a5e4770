/*
 * Jobs: who pays, how much there is, and what happens to orphans.
 *
 * A job's use includes its children's. Frames are counted by the account that mm charges (one chain of
 * accounts along the chain of jobs); objects and handles are counted here.
 *
 * Locks: the big lock.
 */
#pragma once

#include <core/list.h>
#include <jg/thread.h>
#include <mm/frame.h>
#include <object/object.h>

#define JOB_DEPTH_MAX 16u

enum job_count {
    JOB_OBJECTS,
    JOB_HANDLES,
    JOB_COUNTS,
};

struct job {
    struct object object; /* object.job is the parent */
    struct account account;
    uint64_t used[JOB_COUNTS];
    uint64_t quota[JOB_COUNTS];
    struct list children; /* struct job.sibling; not counted: a child holds its parent */
    struct list sibling;
    struct list processes; /* struct process.in_job; all but the buried ones */
    uint32_t depth;
    uint32_t orphans;      /* JG_ORPHANS_* */
    uint32_t max_priority; /* JG_PRIORITY_* */
    bool killed;           /* nothing new is made in it */
};

/* The root job, made at boot; init's. */
extern struct job *root_job;

/*
 * Makes a job below `parent`; NULL makes the root.
 * Returns JG_OK with one reference in *out, JG_ERR_QUOTA, JG_ERR_NO_MEMORY, JG_ERR_BAD_STATE (killed).
 */
jg_status_t job_create(struct job *parent, struct job **out);

/* Counts `n` more in the job and all above it. Returns JG_OK or JG_ERR_QUOTA (nothing was counted). */
jg_status_t job_charge(struct job *job, enum job_count what, uint64_t n);

/*
 * The account for a VMO or an address space that `job` pays for; it takes a reference to the job.
 * What holds it ends with job_release_account().
 */
struct account *job_take_account(struct job *job);

/* Drops the reference that job_take_account() took. */
void job_release_account(struct account *account);

/* Counts `n` less. */
void job_uncharge(struct job *job, enum job_count what, uint64_t n);

/* jg_job_set. Returns JG_OK, JG_ERR_OUT_OF_RANGE or JG_ERR_INVALID_ARGS. */
jg_status_t job_set(struct job *job, uint32_t what, uint64_t value);

/* Kills every process in the job and below; nothing new can be made in them. */
void job_kill(struct job *job, int64_t code);

/* A process of the job has ended: raises the watch of the jobs that are empty now. */
void job_process_ended(struct job *job);

/* The job that begins with this header; its type was checked. */
static inline struct job *job_of(struct object *object)
{
    return container_of(object, struct job, object);
}
