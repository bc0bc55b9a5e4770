/*
 * Threads: beginning, kick and end.
 *
 * In:    thread_create(), thread_start(), thread_kick(), thread_end() from their calls; thread_wake() from
 *        whoever ends a wait for a reason of its own.
 * Life:  a thread holds its process. Started, it holds itself until it ends. One that never started ends
 *        with its last handle.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <mm/heap.h>
#include <object/answers.h>
#include <object/call.h>
#include <object/futex.h>
#include <object/job.h>
#include <object/memory.h>
#include <object/port.h>
#include <object/process.h>
#include <object/sched.h>
#include <object/time_page.h>
#include <object/token.h>

static void inherit_levels(struct thread *thread, const struct thread *like)
{
    for (unsigned i = 1; i < like->level_count; i++) {
        thread->levels[i] = like->levels[i];
        object_ref(&thread->levels[i].port->object);
    }
    if (like->level_count > 1) {
        thread->level_count = like->level_count;
        thread->births = (uint8_t)((1u << like->level_count) - 2u);
        thread->arch.work |= WORK_BIRTH;
    }
}

jg_status_t thread_create(struct process *process, struct thread *like, uint32_t flags,
                          struct thread **out)
{
    struct thread *thread;
    jg_status_t status;

    if (process->state == PROCESS_ENDED)
        return JG_ERR_BAD_STATE;
    thread = heap_zalloc(sizeof(*thread));
    if (!thread)
        return JG_ERR_NO_MEMORY;
    status = object_init(&thread->object, JG_TYPE_THREAD, process->object.job);
    if (status != JG_OK)
        goto free_thread;
    status = token_add_thread(thread);
    if (status != JG_OK)
        goto undo_object;
    thread->turn = JG_TURN_NS;
    arch_thread_init(&thread->arch);
    thread->arch.no_vector = flags & JG_THREAD_NO_VECTOR;
    if (like && (flags & JG_THREAD_COPY_STATE)) {
        status = arch_thread_copy(&thread->arch, &like->arch);
        if (status != JG_OK)
            goto undo_index;
    }
    arch_thread_set_aspace(&thread->arch, process->memory->as);
    list_init(&thread->packet.link);
    list_init(&thread->futex_link);
    object_ref(&process->object);
    thread->process = process;
    list_add_tail(&process->threads, &thread->in_process);
    if (like)
        inherit_levels(thread, like);
    *out = thread;
    return JG_OK;

undo_index:
    arch_thread_destroy(&thread->arch);
    token_remove_thread(thread);
undo_object:
    job_uncharge(process->object.job, JOB_OBJECTS, 1);
    object_unref(&process->object.job->object);
free_thread:
    heap_free(thread);
    return status;
}

jg_status_t thread_start(struct thread *thread)
{
    struct process *process = thread->process;

    if (thread->state != THREAD_NEW || process->state == PROCESS_ENDED ||
        process->object.job->killed)
        return JG_ERR_BAD_STATE;
    if (thread->level_count && !thread->levels[0].port)
        return JG_ERR_BAD_STATE;
    if (!thread->level_count) {
        jg_status_t status = time_page_map(process->memory);

        if (status != JG_OK)
            return status;
    }
    object_ref(&thread->object); /* dropped in thread_end() */
    process_started(process);
    sched_ready(thread);
    return JG_OK;
}

jg_status_t thread_set_level(struct thread *thread, struct port *port, uint64_t cookie)
{
    struct level *level;

    if (!thread_is_still(thread))
        return JG_ERR_BAD_STATE;
    if (thread->level_count && !thread->levels[0].port) {
        level = &thread->levels[0];
    } else {
        if (thread->level_count == JG_LEVELS_MAX)
            return JG_ERR_OUT_OF_RANGE;
        if (thread->state == THREAD_HELD) {
            thread->births |= (uint8_t)(1u << thread->level_count);
            thread->arch.work |= WORK_BIRTH;
        }
        level = &thread->levels[thread->level_count++];
    }
    object_ref(&port->object);
    *level = (struct level){port, cookie};
    thread->process->memory->as->program = true;
    return JG_OK;
}

WARM void thread_stop_waiting(struct thread *thread)
{
    switch ((enum thread_state)thread->state) {
    case THREAD_READY:
        sched_remove(thread);
        break;
    case THREAD_RUNNING:
        sched_leave(thread);
        break;
    case THREAD_PARKED:
        port_unpark(thread);
        break;
    case THREAD_QUEUED:
        port_cancel(&thread->packet);
        break;
    case THREAD_HELD:
        if (thread->token)
            thread->lost_token = thread->token;
        token_drop(thread);
        break;
    case THREAD_FUTEX:
        futex_forget(thread);
        break;
    case THREAD_NEW:
    case THREAD_ENDED:
        break;
    }
    thread->port = NULL;
    thread->channel = NULL;
    call_extra_drop(thread);
    thread->state = THREAD_READY;
}

WARM void thread_wake(struct thread *thread, jg_status_t status)
{
    thread_stop_waiting(thread);
    arch_set_result(&thread->arch, status);
    sched_ready(thread);
}

static bool in_native_wait(const struct thread *thread)
{
    return thread->state == THREAD_PARKED || thread->state == THREAD_FUTEX ||
           ((thread->state == THREAD_QUEUED || thread->state == THREAD_HELD) &&
            thread->kind == JG_KIND_CALL);
}

void thread_kick(struct thread *thread)
{
    ASSERT_TYPE(thread, JG_TYPE_THREAD);
    if (thread->state == THREAD_ENDED)
        return;
    if (thread_is_trapped(thread))
        thread->arch.work |= WORK_KICK;
    else if (in_native_wait(thread))
        thread_wake(thread, JG_ERR_INTERRUPTED);
    else
        thread->kicked = true;
}

void thread_end(struct thread *thread, int64_t code)
{
    struct process *process = thread->process;
    bool started = thread->state != THREAD_NEW;

    if (thread->state == THREAD_ENDED)
        return;
    thread_stop_waiting(thread);
    answers_drop(thread);
    token_forget(thread);
    thread->state = THREAD_ENDED;
    for (unsigned i = 0; i < thread->level_count; i++)
        if (thread->levels[i].port) {
            if (i)
                port_raise(thread->levels[i].port, &thread->levels[i].port->gone);
            object_unref(&thread->levels[i].port->object);
        }
    thread->level_count = 0;
    list_remove(&thread->in_process);
    process->run_ticks += thread->run_ticks;
    process->server_ticks += thread->server_ticks;
    process->faults += thread->arch.faults;
    if (started && --process->started == 0)
        process_kill(process, code);
    arch_thread_destroy(&thread->arch);
    object_ended(&thread->object);
    if (started)
        object_unref(&thread->object);
}

/* A thread that never started can be started by nobody any more. */
static void thread_no_handles(struct object *object)
{
    struct thread *thread = container_of(object, struct thread, object);

    if (thread->state == THREAD_NEW)
        thread_end(thread, 0);
}

static void thread_destroy(struct object *object)
{
    struct thread *thread = container_of(object, struct thread, object);
    struct process *process = thread->process;

    ASSERT(thread->state == THREAD_NEW || thread->state == THREAD_ENDED);
    if (thread->state == THREAD_NEW)
        thread_end(thread, 0);
    token_remove_thread(thread);
    heap_free(thread);
    object_unref(&process->object);
}

const char *thread_state_name(const struct thread *thread)
{
    static const char *const names[] = {
        [THREAD_NEW] = "new",        [THREAD_READY] = "ready",   [THREAD_RUNNING] = "running",
        [THREAD_PARKED] = "parked",  [THREAD_QUEUED] = "queued", [THREAD_HELD] = "held",
        [THREAD_FUTEX] = "sleeping", [THREAD_ENDED] = "ended",
    };

    return names[thread->state];
}

const struct object_ops thread_ops = {.no_handles = thread_no_handles, .destroy = thread_destroy};
