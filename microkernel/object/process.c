/*
 * Processes.
 *
 * In:    process_create(), process_kill(), process_set_memory() from their calls; process_bury_one()
 *        from object_settle().
 * Life:  see process.h. Burying ends the threads, gives up the tokens that it holds (its callers learn
 *        PEER_CLOSED, its trapped threads what their job says), closes the handles and drops the address
 *        space: all that is left is what jg_object_info can tell.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <core/string.h>
#include <mm/heap.h>
#include <object/call.h>
#include <object/job.h>
#include <object/memory.h>
#include <object/process.h>
#include <object/token.h>

static struct process *killed HOT_DATA;
static struct process *init_process; /* no reference: it never ends and goes on */

void process_is_init(struct process *process)
{
    init_process = process;
}

jg_status_t process_create(struct job *job, struct memory *memory, const char *name,
                           struct process **out)
{
    struct process *process;
    jg_status_t status;

    if (job->killed)
        return JG_ERR_BAD_STATE;
    process = heap_zalloc(sizeof(*process));
    if (!process)
        return JG_ERR_NO_MEMORY;
    status = object_init(&process->object, JG_TYPE_PROCESS, job);
    if (status != JG_OK) {
        heap_free(process);
        return status;
    }
    strlcpy(process->name, name, sizeof(process->name));
    list_init(&process->threads);
    list_init(&process->in_job);
    object_ref(&memory->object);
    process->memory = memory;
    process->handles.job = job;
    list_add_tail(&job->processes, &process->in_job);
    job->object.ended = 0;
    *out = process;
    return JG_OK;
}

void process_started(struct process *process)
{
    if (process->started++ > 0 || process->state != PROCESS_NEW)
        return;
    process->state = PROCESS_ALIVE;
    object_ref(&process->object); /* dropped when it is buried */
}

void process_kill(struct process *process, int64_t code)
{
    ASSERT_TYPE(process, JG_TYPE_PROCESS);
    if (process->state == PROCESS_ENDED)
        return;
    if (process->state == PROCESS_NEW)
        object_ref(&process->object);
    process->state = PROCESS_ENDED;
    process->exit_code = code;
    process->next_killed = killed;
    killed = process;
}

/* Tells everybody whose token the process holds that no answer will come. */
static void give_up_tokens(struct process *process)
{
    struct thread *caller;
    uint32_t index = 0;

    while ((caller = token_next_thread(&index))) {
        if (caller->holder != process || caller->state != THREAD_HELD)
            continue;
        if (caller->kind == JG_KIND_CALL)
            thread_wake(caller, JG_ERR_PEER_CLOSED);
        else
            trap_orphan(caller);
    }
}

WARM bool process_bury_one(void)
{
    struct process *process = killed;

    if (!process)
        return false;
    killed = process->next_killed;
    if (process == init_process)
        panic("init ended with code %ld", process->exit_code);
    while (!list_empty(&process->threads))
        thread_end(list_entry(process->threads.next, struct thread, in_process),
                   process->exit_code);
    if (process->handles.chunks)
        give_up_tokens(process);
    handle_table_clear(&process->handles);
    object_unref(&process->memory->object);
    process->memory = NULL;
    process->buried = true;
    list_remove(&process->in_job);
    object_ended(&process->object);
    job_process_ended(process->object.job);
    object_unref(&process->object);
    return true;
}

jg_status_t process_set_memory(struct process *process, struct memory *memory)
{
    struct memory *old = process->memory;

    if (process->state == PROCESS_ENDED)
        return JG_ERR_BAD_STATE;
    list_for_each(node, &process->threads) if (!thread_is_still(
                                                   list_entry(node, struct thread,
                                                              in_process))) return JG_ERR_BAD_STATE;

    /* Point of no return. */
    object_ref(&memory->object);
    process->memory = memory;
    memory->as->program |= old->as->program;
    list_for_each(node, &process->threads)
        arch_thread_set_aspace(&list_entry(node, struct thread, in_process)->arch, memory->as);
    object_unref(&old->object);
    return JG_OK;
}

/* Nobody can give it a thread any more: one that never ran ends here. */
static void process_no_handles(struct object *object)
{
    struct process *process = process_of(object);

    if (process->state == PROCESS_NEW && list_empty(&process->threads))
        process_kill(process, 0);
}

static void process_destroy(struct object *object)
{
    struct process *process = process_of(object);

    ASSERT(list_empty(&process->threads));
    handle_table_clear(&process->handles);
    if (!process->buried) {
        list_remove(&process->in_job);
        job_process_ended(process->object.job);
    }
    if (process->memory)
        object_unref(&process->memory->object);
    heap_free(process);
}

const struct object_ops process_ops = {.no_handles = process_no_handles,
                                       .destroy = process_destroy};
