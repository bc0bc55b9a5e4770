/*
 * Calls on threads.
 *
 * Locks: the big lock.
 */
#include <mm/heap.h>
#include <object/answers.h>
#include <object/port.h>
#include <object/sched.h>
#include <syscall/syscall.h>

static struct thread *thread_from(struct object *object)
{
    return container_of(object, struct thread, object);
}

static bool held_by(const struct thread *thread, const struct process *process)
{
    return thread->state == THREAD_HELD && thread->kind == JG_KIND_TRAP &&
           thread->holder == process;
}

SYSCALL(thread_create)
{
    uint32_t flags = (uint32_t)c, priority = flags >> JG_THREAD_PRIORITY_SHIFT;
    struct object *object;
    struct thread *like = NULL, *thread;
    struct process *process;
    jg_status_t status = get(t, a, JG_TYPE_PROCESS, JG_RIGHT_MANAGE, &object);

    if (status != JG_OK)
        return status;
    process = process_of(object);
    if (b != JG_HANDLE_NONE) {
        status = get(t, b, JG_TYPE_THREAD, JG_RIGHT_MANAGE, &object);
        if (status != JG_OK)
            return status;
        like = thread_from(object);
        if (!held_by(like, t->process))
            return JG_ERR_BAD_STATE;
    }
    if ((flags & 0xffu & ~(JG_THREAD_COPY_STATE | JG_THREAD_NO_VECTOR)) || priority > JG_PRIORITY_DRIVER ||
        ((flags & JG_THREAD_COPY_STATE) && !like))
        return JG_ERR_INVALID_ARGS;
    if (priority > process->object.job->max_priority)
        return JG_ERR_ACCESS_DENIED;
    status = thread_create(process, like, flags, &thread);
    if (status != JG_OK)
        return status;
    thread->priority = (uint8_t)priority;
    return new_handle(t, &thread->object,
                      RIGHTS_COMMON | JG_RIGHT_MANAGE | JG_RIGHT_READ | JG_RIGHT_WRITE);
}

SYSCALL(thread_set_turn)
{
    struct object *object;
    jg_status_t status = get(t, a, JG_TYPE_THREAD, JG_RIGHT_MANAGE, &object);
    jg_time_t turn = (jg_time_t)c;

    if (status != JG_OK)
        return status;
    if ((uint32_t)b > JG_TURN_RANK_MAX || (turn && (turn < JG_TURN_LEAST_NS || turn > JG_TURN_MOST_NS)))
        return JG_ERR_OUT_OF_RANGE;
    sched_set_turn(thread_from(object), (uint8_t)b, turn);
    return JG_OK;
}

SYSCALL(thread_start)
{
    struct object *object;
    jg_status_t status = get(t, a, JG_TYPE_THREAD, JG_RIGHT_MANAGE, &object);

    if (status != JG_OK)
        return status;
    return thread_start(thread_from(object));
}

SYSCALL(thread_exit)
{
    thread_end(t, 0);
    return JG_OK;
}

static int64_t read_regs(struct thread *thread, uint64_t user, uint64_t room)
{
    struct jg_regs regs;

    if (room < sizeof(regs))
        return JG_ERR_TOO_BIG;
    arch_thread_read_regs(&thread->arch, &regs);
    return copy_to_user(user, &regs, sizeof(regs)) ? (int64_t)sizeof(regs) : JG_ERR_BAD_ADDRESS;
}

static int64_t read_vector(struct thread *thread, uint64_t user, uint64_t room)
{
    size_t size = arch_vector_size();
    const void *vector;

    if (room < size)
        return JG_ERR_TOO_BIG;
    vector = arch_vector_read(&thread->arch);
    return copy_to_user(user, vector ? vector : arch_vector_initial(), size) ? (int64_t)size
                                                                              : JG_ERR_BAD_ADDRESS;
}

static int64_t read_all(struct thread *thread, uint64_t user, uint64_t room)
{
    int64_t regs = read_regs(thread, user, room), vector;

    if (regs < 0)
        return regs;
    vector = read_vector(thread, user + (uint64_t)regs, room - (uint64_t)regs);
    return vector < 0 ? vector : regs + vector;
}

/* The thread that a state call names, if it stands still. */
static jg_status_t get_still(struct thread *t, uint64_t h, jg_rights_t rights, struct thread **out)
{
    struct object *object;
    jg_status_t status = get(t, h, JG_TYPE_THREAD, rights, &object);

    if (status != JG_OK)
        return status;
    *out = thread_from(object);
    return thread_is_still(*out) ? JG_OK : JG_ERR_BAD_STATE;
}

SYSCALL(thread_read_state)
{
    struct thread *thread;
    jg_status_t status = get_still(t, a, JG_RIGHT_READ, &thread);

    if (status != JG_OK)
        return status;
    switch (b) {
    case JG_STATE_REGS:
        return read_regs(thread, c, d);
    case JG_STATE_VECTOR:
        return read_vector(thread, c, d);
    case JG_STATE_ALL:
        return read_all(thread, c, d);
    }
    return JG_ERR_INVALID_ARGS;
}

static jg_status_t write_regs(struct thread *thread, uint64_t user)
{
    struct jg_regs regs;

    if (!copy_from_user(&regs, user, sizeof(regs)))
        return JG_ERR_BAD_ADDRESS;
    return arch_thread_write_regs(&thread->arch, &regs);
}

static jg_status_t write_vector(struct thread *thread, uint64_t user, uint64_t size)
{
    void *area;

    if (!size) {
        arch_vector_reset(&thread->arch);
        return JG_OK;
    }
    if (size != arch_vector_size())
        return JG_ERR_INVALID_ARGS;
    area = arch_vector_open(&thread->arch);
    if (!area)
        return JG_ERR_NO_MEMORY;
    if (copy_from_user(area, user, size))
        return arch_vector_close(&thread->arch);
    arch_vector_reset(&thread->arch);
    return JG_ERR_BAD_ADDRESS;
}

static jg_status_t write_all(struct thread *thread, uint64_t user, uint64_t size)
{
    struct jg_regs old;
    jg_status_t status;

    if (size < sizeof(old))
        return JG_ERR_INVALID_ARGS;
    arch_thread_read_regs(&thread->arch, &old);
    status = write_regs(thread, user);
    if (status != JG_OK)
        return status;
    status = write_vector(thread, user + sizeof(old), size - sizeof(old));
    if (status != JG_OK)
        arch_thread_write_regs(&thread->arch, &old);
    return status;
}

SYSCALL(thread_write_state)
{
    struct thread *thread;
    jg_status_t status = get_still(t, a, JG_RIGHT_WRITE, &thread);

    if (status != JG_OK)
        return status;
    switch (b) {
    case JG_STATE_REGS:
        return d == sizeof(struct jg_regs) ? write_regs(thread, c) : JG_ERR_INVALID_ARGS;
    case JG_STATE_VECTOR:
        return write_vector(thread, c, d);
    case JG_STATE_ALL:
        return write_all(thread, c, d);
    }
    return JG_ERR_INVALID_ARGS;
}

SYSCALL(thread_set_level)
{
    struct object *object, *port;
    struct thread *thread;
    jg_status_t status = get(t, a, JG_TYPE_THREAD, JG_RIGHT_MANAGE, &object);

    if (status == JG_OK)
        status = get(t, b, JG_TYPE_PORT, JG_RIGHT_WAIT, &port);
    if (status != JG_OK)
        return status;
    thread = thread_from(object);
    if (thread->state != THREAD_NEW && !held_by(thread, t->process))
        return JG_ERR_BAD_STATE;
    return thread_set_level(thread, port_of(port), c);
}

/* Copies a table in. Returns JG_OK, INVALID_ARGS, BAD_ADDRESS, NO_MEMORY. */
static jg_status_t answers_read(uint64_t user, struct answers **out)
{
    struct jg_answers head;
    struct answers *made;

    if (!copy_from_user(&head, user, offsetof(struct jg_answers, which)))
        return JG_ERR_BAD_ADDRESS;
    if (head.count > JG_ANSWERS_NUMBERS || head.zero)
        return JG_ERR_INVALID_ARGS;
    made = heap_zalloc(sizeof(*made) + head.count);
    if (!made)
        return JG_ERR_NO_MEMORY;
    made->hint = (struct answers_hint){head.mask, 0, head.beyond_from};
    made->beyond = head.beyond;
    made->count = head.count;
    for (unsigned i = 0; i < JG_ANSWERS_VALUES; i++)
        made->value[i] = head.value[i];
    *out = made;
    if (!copy_from_user(made->which, user + offsetof(struct jg_answers, which), head.count))
        return JG_ERR_BAD_ADDRESS;
    for (unsigned i = 0; i < head.count; i++) {
        if (made->which[i] > JG_ANSWERS_VALUES)
            return JG_ERR_INVALID_ARGS;
        if (made->which[i])
            made->hint.may |= 1ul << i % 64;
    }
    return JG_OK;
}

SYSCALL(thread_set_answers)
{
    struct answers *made = NULL;
    struct object *object;
    jg_status_t status = get(t, a, JG_TYPE_THREAD, JG_RIGHT_MANAGE, &object);

    if (status != JG_OK)
        return status;
    if (b >= JG_ENTRIES)
        return JG_ERR_INVALID_ARGS;
    if (c)
        status = answers_read(c, &made);
    if (status == JG_OK)
        status = answers_replace(thread_from(object), (unsigned)b, made);
    if (status != JG_OK)
        heap_free(made);
    return status;
}

SYSCALL(thread_set_answer)
{
    struct object *object;
    struct answers *answers;
    jg_status_t status = get(t, a, JG_TYPE_THREAD, JG_RIGHT_MANAGE, &object);

    if (status != JG_OK)
        return status;
    if (b >= JG_ENTRIES || c >= JG_ANSWERS_VALUES)
        return JG_ERR_OUT_OF_RANGE;
    answers = thread_from(object)->answers[b];
    if (!answers)
        return JG_ERR_NOT_FOUND;
    answers->value[c] = (int64_t)d;
    return JG_OK;
}

SYSCALL(thread_kick)
{
    struct object *object;
    jg_status_t status = get(t, a, JG_TYPE_THREAD, JG_RIGHT_MANAGE, &object);

    if (status != JG_OK)
        return status;
    thread_kick(thread_from(object));
    return JG_OK;
}
