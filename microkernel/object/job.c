/*
 * Jobs.
 *
 * In:    job_create(), job_set(), job_kill() from their calls; job_charge() from object.c and handle.c.
 * Life:  lives while a handle, a child or an object that it pays for refers to it. Killed: nothing new
 *        is made in it.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <mm/heap.h>
#include <object/job.h>
#include <object/process.h>

struct job *root_job;

jg_status_t job_create(struct job *parent, struct job **out)
{
    struct job *job;
    jg_status_t status;

    if (parent && parent->killed)
        return JG_ERR_BAD_STATE;
    if (parent && parent->depth + 1 >= JOB_DEPTH_MAX)
        return JG_ERR_QUOTA;
    job = heap_zalloc(sizeof(*job));
    if (!job)
        return JG_ERR_NO_MEMORY;
    status = object_init(&job->object, JG_TYPE_JOB, parent);
    if (status != JG_OK) {
        heap_free(job);
        return status;
    }
    job->account.parent = parent ? &parent->account : NULL;
    job->account.quota = parent ? parent->account.quota : UINT64_MAX;
    job->account.critical = !parent;
    for (unsigned i = 0; i < JOB_COUNTS; i++)
        job->quota[i] = UINT64_MAX;
    list_init(&job->children);
    list_init(&job->processes);
    list_init(&job->sibling);
    job->max_priority = parent ? parent->max_priority : JG_PRIORITY_DRIVER;
    if (parent) {
        job->depth = parent->depth + 1;
        job->orphans = parent->orphans;
        list_add_tail(&parent->children, &job->sibling);
    }
    *out = job;
    return JG_OK;
}

static void job_destroy(struct object *object)
{
    struct job *job = container_of(object, struct job, object);

    ASSERT(list_empty(&job->children) && list_empty(&job->processes));
    list_remove(&job->sibling);
    account_reserve(&job->account, 0);
    heap_free(job);
}

jg_status_t job_charge(struct job *job, enum job_count what, uint64_t n)
{
    for (struct job *j = job; j; j = j->object.job) {
        if (j->used[what] + n <= j->quota[what]) {
            j->used[what] += n;
            continue;
        }
        for (struct job *undo = job; undo != j; undo = undo->object.job)
            undo->used[what] -= n;
        return JG_ERR_QUOTA;
    }
    return JG_OK;
}

void job_uncharge(struct job *job, enum job_count what, uint64_t n)
{
    for (; job; job = job->object.job) {
        ASSERT(job->used[what] >= n);
        job->used[what] -= n;
    }
}

struct account *job_take_account(struct job *job)
{
    object_ref(&job->object);
    return &job->account;
}

void job_release_account(struct account *account)
{
    object_unref(&container_of(account, struct job, account)->object);
}

static jg_status_t set_quota(struct job *job, enum job_count what, uint64_t value)
{
    if (job->object.job && value > job->object.job->quota[what])
        return JG_ERR_OUT_OF_RANGE;
    job->quota[what] = value;
    return JG_OK;
}

jg_status_t job_set(struct job *job, uint32_t what, uint64_t value)
{
    switch (what) {
    case JG_JOB_QUOTA_FRAMES:
        if (job->object.job && value > job->object.job->account.quota)
            return JG_ERR_OUT_OF_RANGE;
        job->account.quota = value;
        return JG_OK;
    case JG_JOB_QUOTA_OBJECTS:
        return set_quota(job, JOB_OBJECTS, value);
    case JG_JOB_QUOTA_HANDLES:
        return set_quota(job, JOB_HANDLES, value);
    case JG_JOB_RESERVE_FRAMES:
        if (value > frames_total() || !account_reserve(&job->account, value))
            return JG_ERR_OUT_OF_RANGE;
        job->account.critical = value > 0 || !job->object.job;
        return JG_OK;
    case JG_JOB_ORPHANS:
        if (value > JG_ORPHANS_TELL)
            return JG_ERR_INVALID_ARGS;
        job->orphans = (uint32_t)value;
        return JG_OK;
    case JG_JOB_MAX_PRIORITY:
        if (value > JG_PRIORITY_DRIVER)
            return JG_ERR_INVALID_ARGS;
        if (job->object.job && value > job->object.job->max_priority)
            return JG_ERR_OUT_OF_RANGE;
        job->max_priority = (uint32_t)value;
        return JG_OK;
    }
    return JG_ERR_INVALID_ARGS;
}

/* Has the job, with all below it, no process that is not buried? Bounded by JOB_DEPTH_MAX. */
static bool job_is_empty(struct job *job)
{
    if (!list_empty(&job->processes))
        return false;
    list_for_each(
        at, &job->children) if (!job_is_empty(list_entry(at, struct job, sibling))) return false;
    return true;
}

void job_process_ended(struct job *job)
{
    for (; job && job_is_empty(job); job = job->object.job)
        object_ended(&job->object);
}

void job_kill(struct job *job, int64_t code)
{
    job->killed = true;
    list_for_each_safe(at, &job->processes)
        process_kill(list_entry(at, struct process, in_job), code);
    list_for_each(at, &job->children) job_kill(list_entry(at, struct job, sibling), code);
    if (job_is_empty(job))
        object_ended(&job->object);
}

/* An event that the job itself pays for must not keep it alive when nothing in it can end any more. */
static void job_no_handles(struct object *object)
{
    if (job_is_empty(container_of(object, struct job, object)))
        object_watch(object, NULL, 0);
}

const struct object_ops job_ops = {.no_handles = job_no_handles, .destroy = job_destroy};
