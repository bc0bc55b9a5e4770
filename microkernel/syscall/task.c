/*
 * Calls on jobs and processes.
 *
 * Locks: the big lock.
 */
#include <object/memory.h>
#include <syscall/syscall.h>

SYSCALL(job_create)
{
    struct object *parent;
    struct job *job;
    jg_status_t status = get(t, a, JG_TYPE_JOB, JG_RIGHT_MANAGE, &parent);

    if (status == JG_OK)
        status = job_create(job_of(parent), &job);
    if (status != JG_OK)
        return status;
    return new_handle(t, &job->object, RIGHTS_COMMON | JG_RIGHT_MANAGE);
}

SYSCALL(job_set)
{
    struct object *job;
    jg_status_t status = get(t, a, JG_TYPE_JOB, JG_RIGHT_MANAGE, &job);

    if (status != JG_OK)
        return status;
    return job_set(job_of(job), (uint32_t)b, c);
}

SYSCALL(task_kill)
{
    struct object *task;
    jg_status_t status = get(t, a, JG_TYPE_NONE, JG_RIGHT_MANAGE, &task);

    if (status != JG_OK)
        return status;
    switch (task->type) {
    case JG_TYPE_JOB:
        job_kill(job_of(task), (int64_t)b);
        return JG_OK;
    case JG_TYPE_PROCESS:
        process_kill(process_of(task), (int64_t)b);
        return JG_OK;
    case JG_TYPE_THREAD:
        thread_end(container_of(task, struct thread, object), (int64_t)b);
        return JG_OK;
    }
    return JG_ERR_WRONG_TYPE;
}

SYSCALL(process_create)
{
    struct object *job, *memory;
    struct process *process;
    char name[JG_NAME_MAX];
    jg_status_t status = get(t, a, JG_TYPE_JOB, JG_RIGHT_MANAGE, &job);

    if (status == JG_OK)
        status = get(t, b, JG_TYPE_ASPACE, JG_RIGHT_MAP, &memory);
    if (status == JG_OK)
        status = get_name(c, name);
    if (status == JG_OK)
        status = process_create(job_of(job), memory_of(memory), name, &process);
    if (status != JG_OK)
        return status;
    return new_handle(t, &process->object, RIGHTS_COMMON | JG_RIGHT_MANAGE);
}

SYSCALL(process_set_aspace)
{
    struct object *process, *memory;
    jg_status_t status = get(t, a, JG_TYPE_PROCESS, JG_RIGHT_MANAGE, &process);

    if (status == JG_OK)
        status = get(t, b, JG_TYPE_ASPACE, JG_RIGHT_MAP, &memory);
    if (status != JG_OK)
        return status;
    return process_set_memory(process_of(process), memory_of(memory));
}

SYSCALL(process_give)
{
    struct object *object;
    struct process *process;
    struct handle_slot *slot;
    jg_rights_t rights = (jg_rights_t)c;
    jg_status_t status = get(t, a, JG_TYPE_PROCESS, JG_RIGHT_MANAGE, &object);

    if (status != JG_OK)
        return status;
    process = process_of(object);
    if (process->state != PROCESS_NEW)
        return JG_ERR_BAD_STATE;
    status = get(t, b, JG_TYPE_NONE, JG_RIGHT_DUPLICATE | JG_RIGHT_TRANSFER, &object);
    if (status != JG_OK)
        return status;
    slot = handle_slot(&t->process->handles, (jg_handle_t)b);
    if (rights == JG_RIGHTS_SAME)
        rights = slot->rights;
    if (rights & ~(jg_rights_t)slot->rights)
        return JG_ERR_ACCESS_DENIED;
    return handle_add(&process->handles, object, rights);
}

SYSCALL(process_exit)
{
    process_kill(t->process, (int64_t)a);
    return JG_OK;
}
