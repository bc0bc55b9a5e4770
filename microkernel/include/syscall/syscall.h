/*
 * What the handlers of native calls share: their signature, handle look-ups, new handles.
 *
 * Every handler is called with the big lock held, for the current thread, with its five first arguments as they
 * came. What it returns goes into the result register, unless the thread is not current any more: then
 * whoever ends its wait writes it. Only this folder touches user memory.
 */
#pragma once

#include <arch/cpu.h>
#include <arch/user.h>
#include <jg/syscalls.h>
#include <object/handle.h>
#include <object/job.h>
#include <object/process.h>
#include <object/thread.h>

#define RIGHTS_COMMON (JG_RIGHT_DUPLICATE | JG_RIGHT_TRANSFER | JG_RIGHT_INSPECT)

#define SYSCALL(name)                                                                              \
    int64_t sys_##name(struct thread *t, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)

#define JG_SYSCALL(number, name, ...) SYSCALL(name);
#include <jg/syscalls.def>
#undef JG_SYSCALL

/* A system call of the current thread, native or trapped, that no fast path took. Ends with arch_leave(). */
void syscall_slow(struct thread *t);

/* As handle_get(), in the table of `t`. */
static inline jg_status_t get(struct thread *t, uint64_t h, enum jg_object_type type,
                              jg_rights_t rights, struct object **out)
{
    return handle_get(&t->process->handles, (jg_handle_t)h, type, rights, out);
}

/* The job that pays for what `t` makes. */
static inline struct job *job_of_thread(const struct thread *t)
{
    return t->process->object.job;
}

/*
 * Makes the first handle to a new object and drops the creator's reference, so that the object goes with it if
 * there is no room. Returns the handle, JG_ERR_QUOTA or JG_ERR_NO_MEMORY.
 */
static inline int64_t new_handle(struct thread *t, struct object *object, jg_rights_t rights)
{
    int64_t h = handle_add(&t->process->handles, object, rights);

    object_unref(object);
    return h;
}

/*
 * Copies an object's name from user memory, up to its zero byte, into `out` (JG_NAME_MAX).
 * NULL is the empty name. Returns JG_OK, JG_ERR_BAD_ADDRESS or JG_ERR_TOO_BIG.
 */
jg_status_t get_name(uint64_t user, char *out);
