/*
 * jg_object_info: one function for each topic.
 *
 * Locks: the big lock.
 */
#include <core/string.h>
#include <core/time.h>
#include <mm/frame.h>
#include <mm/heap.h>
#include <object/answers.h>
#include <object/memory.h>
#include <object/sched.h>
#include <syscall/syscall.h>

/* Writes what was asked for. Returns its size, TOO_BIG or BAD_ADDRESS. */
static int64_t give(uint64_t buffer, uint64_t room, const void *info, size_t size)
{
    if (room < size)
        return JG_ERR_TOO_BIG;
    return copy_to_user(buffer, info, size) ? (int64_t)size : JG_ERR_BAD_ADDRESS;
}

static int64_t info_handle(struct thread *t, uint64_t h, uint64_t buffer, uint64_t room)
{
    struct handle_slot *slot = handle_slot(&t->process->handles, (jg_handle_t)h);
    struct jg_info_handle info;

    if (!slot)
        return JG_ERR_BAD_HANDLE;
    info = (struct jg_info_handle){slot->object->koid, slot->object->type, slot->rights};
    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_vmo(struct object *object, uint64_t buffer, uint64_t room)
{
    const struct vmo *vmo = vmo_object_of(object)->vmo;
    struct jg_info_vmo info = {
        .size = vmo->size,
        .committed_pages = vmo->committed,
        .modified = vmo->modified,
        .accessed = vmo->accessed,
        .mappings = vmo->mapping_count,
    };

    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_aspace(struct object *object, uint64_t buffer, uint64_t room)
{
    struct jg_info_aspace info;

    memset(&info, 0, sizeof(info));
    aspace_info(memory_of(object)->as, &info);
    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_thread(struct object *object, uint64_t buffer, uint64_t room)
{
    struct thread *thread = container_of(object, struct thread, object);
    struct jg_info_task info;

    if (thread == current_thread())
        sched_account(thread);
    info = (struct jg_info_task){
        .user_ns = sched_ticks_ns(thread->run_ticks),
        .server_ns = sched_ticks_ns(thread->server_ticks),
        .faults = thread->arch.faults,
        .state = thread->state == THREAD_NEW     ? 0
                 : thread->state == THREAD_ENDED ? 2
                                                 : 1,
        .threads = 1,
    };
    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_process(struct object *object, uint64_t buffer, uint64_t room)
{
    struct process *process = process_of(object);
    uint64_t run = process->run_ticks, server = process->server_ticks;
    struct jg_info_task info = {
        .faults = process->faults,
        .exit_code = process->exit_code,
        .state = process->state,
        .threads = process->started,
    };

    list_for_each(node, &process->threads)
    {
        struct thread *thread = list_entry(node, struct thread, in_process);

        if (thread == current_thread())
            sched_account(thread);
        run += thread->run_ticks;
        server += thread->server_ticks;
        info.faults += thread->arch.faults;
    }
    info.user_ns = sched_ticks_ns(run);
    info.server_ns = sched_ticks_ns(server);
    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_answers(struct object *object, uint64_t buffer, uint64_t room)
{
    struct thread *thread = container_of(object, struct thread, object);
    struct jg_info_answers info;

    memset(&info, 0, sizeof(info));
    for (unsigned entry = 0; entry < JG_ENTRIES; entry++) {
        const struct answers *a = thread->answers[entry];

        if (!a)
            continue;
        memcpy(info.hits[entry], a->hits, sizeof(a->hits));
        info.beyond[entry] = a->beyond_hits;
    }
    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_job(struct object *object, uint64_t buffer, uint64_t room)
{
    struct job *job = container_of(object, struct job, object);
    struct jg_info_job info = {
        .frames = job->account.frames,
        .frames_quota = job->account.quota,
        .objects = job->used[JOB_OBJECTS],
        .objects_quota = job->quota[JOB_OBJECTS],
        .handles = job->used[JOB_HANDLES],
        .handles_quota = job->quota[JOB_HANDLES],
    };

    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_system(uint64_t buffer, uint64_t room)
{
    struct jg_info_system info = {
        .total_frames = frames_total(),
        .free_frames = frames_free(),
        .kernel_frames = heap_pages(),
        .cpus = CPUS_MAX,
        .vector_size = (uint32_t)arch_vector_size(),
        .vector_features = arch_vector_features(),
        .context_switches = sched.switches,
        .boot_wall_ns = (uint64_t)time_wall_offset(),
        .idle_ns = sched_ticks_ns(sched.idle_ticks),
        .vmo_frames = vmo_frames(),
        .runnable = sched_count(SCHED_PROGRAMS),
    };

    return give(buffer, room, &info, sizeof(info));
}

static int64_t info_paddr(struct object *object, uint64_t buffer, uint64_t room)
{
    const struct vmo *vmo = vmo_object_of(object)->vmo;
    uint64_t address = vmo->base;

    if (vmo->kind == VMO_PAGED)
        return JG_ERR_NOT_SUPPORTED;
    return give(buffer, room, &address, sizeof(address));
}

static int64_t info_mapped(struct object *object, uint64_t buffer, uint64_t room)
{
    static uint8_t page[4096];
    struct jg_info_mapped info;

    if (room < sizeof(info))
        return JG_ERR_TOO_BIG;
    if (!copy_from_user(&info, buffer, sizeof(info)))
        return JG_ERR_BAD_ADDRESS;
    if (info.pages > sizeof(page) || (info.va & PAGE_MASK) || info.va >= JG_USER_TOP)
        return JG_ERR_INVALID_ARGS;
    if (room - sizeof(info) < info.pages)
        return JG_ERR_TOO_BIG;
    info.va = aspace_mapped(memory_of(object)->as, info.va, info.pages, page);
    if (!copy_to_user(buffer, &info, sizeof(info)) ||
        !copy_to_user(buffer + sizeof(info), page, info.pages))
        return JG_ERR_BAD_ADDRESS;
    return (int64_t)(sizeof(info) + info.pages);
}

WARM SYSCALL(object_info)
{
    static const uint8_t type_of[] = {
        [JG_INFO_VMO] = JG_TYPE_VMO,       [JG_INFO_ASPACE] = JG_TYPE_ASPACE,
        [JG_INFO_JOB] = JG_TYPE_JOB,       [JG_INFO_PADDR] = JG_TYPE_VMO,
        [JG_INFO_MAPPED] = JG_TYPE_ASPACE, [JG_INFO_ANSWERS] = JG_TYPE_THREAD,
    };
    uint32_t topic = (uint32_t)b;
    struct object *object;
    jg_status_t status;

    if (topic == JG_INFO_SYSTEM)
        return info_system(c, d);
    if (topic == JG_INFO_ASPACE && a == JG_HANDLE_NONE)
        return info_aspace(&t->process->memory->object, c, d);
    if (topic == JG_INFO_MAPPED && a == JG_HANDLE_NONE)
        return info_mapped(&t->process->memory->object, c, d);
    status = get(t, a, topic < ARRAY_SIZE(type_of) ? type_of[topic] : JG_TYPE_NONE,
                 JG_RIGHT_INSPECT, &object);
    if (status != JG_OK)
        return status;
    switch (topic) {
    case JG_INFO_HANDLE:
        return info_handle(t, a, c, d);
    case JG_INFO_VMO:
        return info_vmo(object, c, d);
    case JG_INFO_ASPACE:
        return info_aspace(object, c, d);
    case JG_INFO_TASK:
        if (object->type == JG_TYPE_THREAD)
            return info_thread(object, c, d);
        return object->type == JG_TYPE_PROCESS ? info_process(object, c, d) : JG_ERR_WRONG_TYPE;
    case JG_INFO_JOB:
        return info_job(object, c, d);
    case JG_INFO_PADDR:
        return info_paddr(object, c, d);
    case JG_INFO_MAPPED:
        return info_mapped(object, c, d);
    case JG_INFO_ANSWERS:
        return info_answers(object, c, d);
    }
    return JG_ERR_INVALID_ARGS;
}
