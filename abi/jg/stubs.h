/*
 * C stubs for the kernel's calls, one for each line of syscalls.def; the contracts are there and in
 * docs/abi.md. channel_call, reply_wait and reply travel in registers: arch/x86_64/call.h.
 *
 * Results: a handle, a count or an offset where the call has one, else JG_OK; negative is JG_ERR_*.
 */
#pragma once

#include <jg/arch/x86_64/call.h>
#include <jg/device.h>
#include <jg/info.h>
#include <jg/memory.h>
#include <jg/thread.h>

/* Closes a handle. */
static inline int64_t jg_handle_close(jg_handle_t h)
{
    return jg_syscall6(JG_SYS_handle_close, h, 0, 0, 0, 0, 0);
}

/* Makes another handle to the same object. */
static inline int64_t jg_handle_duplicate(jg_handle_t h, jg_rights_t rights)
{
    return jg_syscall6(JG_SYS_handle_duplicate, h, rights, 0, 0, 0, 0);
}

/* Reads what is known of an object. */
static inline int64_t jg_object_info(jg_handle_t h, uint32_t topic, void *buffer, size_t size)
{
    return jg_syscall6(JG_SYS_object_info, h, topic, (uintptr_t)buffer, size, 0, 0);
}

/* Raises `bits` on `event` when the object ends. */
static inline int64_t jg_object_watch(jg_handle_t h, jg_handle_t event, uint64_t bits)
{
    return jg_syscall6(JG_SYS_object_watch, h, event, bits, 0, 0, 0);
}

/* Makes a child job. */
static inline int64_t jg_job_create(jg_handle_t parent)
{
    return jg_syscall6(JG_SYS_job_create, parent, 0, 0, 0, 0, 0);
}

/* Sets a quota or a policy of a job (enum jg_job_what). */
static inline int64_t jg_job_set(jg_handle_t job, uint32_t what, uint64_t value)
{
    return jg_syscall6(JG_SYS_job_set, job, what, value, 0, 0, 0);
}

/* Ends a job, process or thread at once. */
static inline int64_t jg_task_kill(jg_handle_t task, int64_t code)
{
    return jg_syscall6(JG_SYS_task_kill, task, (uint64_t)code, 0, 0, 0, 0);
}

/* Makes a process without threads. */
static inline int64_t jg_process_create(jg_handle_t job, jg_handle_t aspace, const char *name)
{
    return jg_syscall6(JG_SYS_process_create, job, aspace, (uintptr_t)name, 0, 0, 0);
}

/* Moves a process to another address space. */
static inline int64_t jg_process_set_aspace(jg_handle_t process, jg_handle_t aspace)
{
    return jg_syscall6(JG_SYS_process_set_aspace, process, aspace, 0, 0, 0, 0);
}

/* Copies a handle into a process that has no running thread yet. */
static inline int64_t jg_process_give(jg_handle_t process, jg_handle_t h, jg_rights_t rights)
{
    return jg_syscall6(JG_SYS_process_give, process, h, rights, 0, 0, 0);
}

/* Ends the calling native process. */
static inline _Noreturn void jg_process_exit(int64_t code)
{
    jg_syscall6(JG_SYS_process_exit, (uint64_t)code, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

/* Makes a thread that has not started. */
static inline int64_t jg_thread_create(jg_handle_t process, jg_handle_t like, uint32_t flags)
{
    return jg_syscall6(JG_SYS_thread_create, process, like, flags, 0, 0, 0);
}

/* Makes a new thread runnable. */
static inline int64_t jg_thread_start(jg_handle_t thread)
{
    return jg_syscall6(JG_SYS_thread_start, thread, 0, 0, 0, 0, 0);
}

/* Ends the calling native thread; the last one ends its process. */
static inline _Noreturn void jg_thread_exit(void)
{
    jg_syscall6(JG_SYS_thread_exit, 0, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

/* Reads registers (JG_STATE_*) of a thread that is held in a trap or has not started. */
static inline int64_t jg_thread_read_state(jg_handle_t thread, uint32_t kind, void *buffer, size_t size)
{
    return jg_syscall6(JG_SYS_thread_read_state, thread, kind, (uintptr_t)buffer, size, 0, 0);
}

/* Writes registers of such a thread. */
static inline int64_t jg_thread_write_state(jg_handle_t thread, uint32_t kind, const void *buffer, size_t size)
{
    return jg_syscall6(JG_SYS_thread_write_state, thread, kind, (uintptr_t)buffer, size, 0, 0);
}

/* Pushes a level: traps now go to `port` with `cookie`. */
static inline int64_t jg_thread_set_level(jg_handle_t thread, jg_handle_t port, uint64_t cookie)
{
    return jg_syscall6(JG_SYS_thread_set_level, thread, port, cookie, 0, 0, 0);
}

/* Sets what the kernel answers to a thread's system calls without asking a server. */
static inline int64_t jg_thread_set_answers(jg_handle_t thread, uint32_t entry, const struct jg_answers *table)
{
    return jg_syscall6(JG_SYS_thread_set_answers, thread, entry, (uintptr_t)table, 0, 0, 0);
}

/* Changes one value of a thread's table of answers. */
static inline int64_t jg_thread_set_answer(jg_handle_t thread, uint32_t entry, uint32_t index, int64_t value)
{
    return jg_syscall6(JG_SYS_thread_set_answer, thread, entry, index, (uint64_t)value, 0, 0);
}

/* Says how a thread shares its band with its equals: by rank (0 to JG_TURN_RANK_MAX), then by turns. */
static inline int64_t jg_thread_set_turn(jg_handle_t thread, uint32_t rank, jg_time_t turn)
{
    return jg_syscall6(JG_SYS_thread_set_turn, thread, rank, (uint64_t)turn, 0, 0, 0);
}

/* Makes a trapped thread trap with JG_TRAP_KICK soon. */
static inline int64_t jg_thread_kick(jg_handle_t thread)
{
    return jg_syscall6(JG_SYS_thread_kick, thread, 0, 0, 0, 0, 0);
}

/* Makes a port. */
static inline int64_t jg_port_create(void)
{
    return jg_syscall6(JG_SYS_port_create, 0, 0, 0, 0, 0, 0);
}

/* Makes a channel: out[0] is to be called, out[1] to be bound. */
static inline int64_t jg_channel_create(jg_handle_t out[2])
{
    return jg_syscall6(JG_SYS_channel_create, (uintptr_t)out, 0, 0, 0, 0, 0);
}

/* Says where calls from the other end arrive, and with which key. */
static inline int64_t jg_channel_bind(jg_handle_t channel, jg_handle_t port, uint64_t key)
{
    return jg_syscall6(JG_SYS_channel_bind, channel, port, key, 0, 0, 0);
}

/* Reads from the input window of the call behind a token. */
static inline int64_t jg_call_read(jg_token_t token, uint64_t offset, void *buffer, size_t size)
{
    return jg_syscall6(JG_SYS_call_read, token, offset, (uintptr_t)buffer, size, 0, 0);
}

/* Writes to the output window of the call behind a token. */
static inline int64_t jg_call_write(jg_token_t token, uint64_t offset, const void *buffer, size_t size)
{
    return jg_syscall6(JG_SYS_call_write, token, offset, (uintptr_t)buffer, size, 0, 0);
}

/* Takes the handles that came with a call. */
static inline int64_t jg_call_take(jg_token_t token, struct jg_handle_received *out, size_t room)
{
    return jg_syscall6(JG_SYS_call_take, token, (uintptr_t)out, room, 0, 0, 0);
}

/* Attaches handles to the coming reply. */
static inline int64_t jg_call_give(jg_token_t token, const struct jg_handle_send *in, size_t count)
{
    return jg_syscall6(JG_SYS_call_give, token, (uintptr_t)in, count, 0, 0, 0);
}

/* Makes an event that arrives at `port` with `key`. */
static inline int64_t jg_event_create(jg_handle_t port, uint64_t key)
{
    return jg_syscall6(JG_SYS_event_create, port, key, 0, 0, 0, 0);
}

/* Raises bits (not zero); they coalesce until delivered. */
static inline int64_t jg_event_raise(jg_handle_t event, uint64_t bits)
{
    return jg_syscall6(JG_SYS_event_raise, event, bits, 0, 0, 0, 0);
}

/* Makes a timer that arrives at `port` with `key`. */
static inline int64_t jg_timer_create(jg_handle_t port, uint64_t key)
{
    return jg_syscall6(JG_SYS_timer_create, port, key, 0, 0, 0, 0);
}

/* Sets the next time (absolute), or JG_TIME_INFINITE for none. */
static inline int64_t jg_timer_set(jg_handle_t timer, jg_time_t deadline)
{
    return jg_syscall6(JG_SYS_timer_set, timer, (uint64_t)deadline, 0, 0, 0, 0);
}

/* Sleeps while *word == expected. */
static inline int64_t jg_futex_wait(const uint32_t *word, uint32_t expected, jg_time_t deadline)
{
    return jg_syscall6(JG_SYS_futex_wait, (uintptr_t)word, expected, (uint64_t)deadline, 0, 0, 0);
}

/* Wakes up to `count` sleepers. */
static inline int64_t jg_futex_wake(const uint32_t *word, uint32_t count)
{
    return jg_syscall6(JG_SYS_futex_wake, (uintptr_t)word, count, 0, 0, 0, 0);
}

/* Lets others of the same priority run first. */
static inline int64_t jg_yield(void)
{
    return jg_syscall6(JG_SYS_yield, 0, 0, 0, 0, 0, 0);
}

/* Makes a VMO of `size` bytes (any), all zeros, uncommitted. */
static inline int64_t jg_vmo_create(uint64_t size, uint32_t flags, jg_handle_t account)
{
    return jg_syscall6(JG_SYS_vmo_create, size, flags, account, 0, 0, 0);
}

/* Makes a VMO of device memory. */
static inline int64_t jg_vmo_physical(jg_handle_t resource, uint64_t base, uint64_t size)
{
    return jg_syscall6(JG_SYS_vmo_physical, resource, base, size, 0, 0, 0);
}

/* Moves bytes between a VMO and an address space (see memory.h). */
static inline int64_t jg_vmo_transfer(jg_handle_t vmo, struct jg_transfer *t)
{
    return jg_syscall6(JG_SYS_vmo_transfer, vmo, (uintptr_t)t, 0, 0, 0, 0);
}

/* Sets the size in bytes; what is cut off is freed and unmapped everywhere, private copies too, and reads as zeros if it grows again. */
static inline int64_t jg_vmo_set_size(jg_handle_t vmo, uint64_t size)
{
    return jg_syscall6(JG_SYS_vmo_set_size, vmo, size, 0, 0, 0, 0);
}

/* Works on a range: enum jg_vmo_op. */
static inline int64_t jg_vmo_range(jg_handle_t vmo, uint32_t op, uint64_t offset, uint64_t length)
{
    return jg_syscall6(JG_SYS_vmo_range, vmo, op, offset, length, 0, 0);
}

/* Moves whole pages from one VMO to another; they become holes in `src`. */
static inline int64_t jg_vmo_move(jg_handle_t dst, uint64_t dst_offset, jg_handle_t src, uint64_t src_offset, uint64_t length)
{
    return jg_syscall6(JG_SYS_vmo_move, dst, dst_offset, src, src_offset, length, 0);
}

/* Makes an empty address space. */
static inline int64_t jg_aspace_create(jg_handle_t job)
{
    return jg_syscall6(JG_SYS_aspace_create, job, 0, 0, 0, 0, 0);
}

/* fork: a copy by each mapping's inherit attribute. */
static inline int64_t jg_aspace_clone(jg_handle_t aspace)
{
    return jg_syscall6(JG_SYS_aspace_clone, aspace, 0, 0, 0, 0, 0);
}

/* Maps (see memory.h). HANDLE_NONE is the caller's own. */
static inline int64_t jg_aspace_map(jg_handle_t aspace, struct jg_map *m)
{
    return jg_syscall6(JG_SYS_aspace_map, aspace, (uintptr_t)m, 0, 0, 0, 0);
}

/* Unmaps all in a range; holes are fine. */
static inline int64_t jg_aspace_unmap(jg_handle_t aspace, uint64_t va, uint64_t length)
{
    return jg_syscall6(JG_SYS_aspace_unmap, aspace, va, length, 0, 0, 0);
}

/* Changes the protection of all mappings in a range. */
static inline int64_t jg_aspace_protect(jg_handle_t aspace, uint64_t va, uint64_t length, uint32_t prot)
{
    return jg_syscall6(JG_SYS_aspace_protect, aspace, va, length, prot, 0, 0);
}

/* mremap: moves mappings with their private pages (see memory.h). */
static inline int64_t jg_aspace_move(jg_handle_t aspace, struct jg_move *m)
{
    return jg_syscall6(JG_SYS_aspace_move, aspace, (uintptr_t)m, 0, 0, 0, 0);
}

/* Works on a range of pages: enum jg_aspace_op. */
static inline int64_t jg_aspace_range(jg_handle_t aspace, uint32_t op, uint64_t va, uint64_t length)
{
    return jg_syscall6(JG_SYS_aspace_range, aspace, op, va, length, 0, 0);
}

/* Moves bytes between the caller's memory and an address space (see memory.h). */
static inline int64_t jg_aspace_copy(const struct jg_copy *c)
{
    return jg_syscall6(JG_SYS_aspace_copy, c->aspace, c->flags, c->va, c->buffer, c->length, 0);
}

/* Compare-exchange of an aligned 32-bit word; equal arguments only read. */
static inline int64_t jg_aspace_cas(jg_handle_t aspace, uint64_t va, uint32_t expected, uint32_t desired)
{
    return jg_syscall6(JG_SYS_aspace_cas, aspace, va, expected, desired, 0, 0);
}

/* Makes a smaller resource from a larger one. */
static inline int64_t jg_resource_create(jg_handle_t parent, uint32_t kind, uint64_t base, uint64_t size)
{
    return jg_syscall6(JG_SYS_resource_create, parent, kind, base, size, 0, 0);
}

/* Takes an interrupt line, or a message-signalled one (see device.h). */
static inline int64_t jg_interrupt_create(jg_handle_t resource, struct jg_interrupt *i, jg_handle_t port, uint64_t key)
{
    return jg_syscall6(JG_SYS_interrupt_create, resource, (uintptr_t)i, port, key, 0, 0);
}

/* Unmasks it again. */
static inline int64_t jg_interrupt_ack(jg_handle_t interrupt)
{
    return jg_syscall6(JG_SYS_interrupt_ack, interrupt, 0, 0, 0, 0, 0);
}

/* Does a short vector (at most 16) of port reads and writes. */
static inline int64_t jg_port_io(jg_handle_t resource, struct jg_port_io *v, size_t count)
{
    return jg_syscall6(JG_SYS_port_io, resource, (uintptr_t)v, count, 0, 0, 0);
}

/* Appends a line to the kernel's log. */
static inline int64_t jg_log_write(const char *text, size_t length)
{
    return jg_syscall6(JG_SYS_log_write, (uintptr_t)text, length, 0, 0, 0, 0);
}

/* Reads log bytes from a cursor on, and moves it. */
static inline int64_t jg_log_read(jg_handle_t resource, uint64_t *cursor, char *buffer, size_t size)
{
    return jg_syscall6(JG_SYS_log_read, resource, (uintptr_t)cursor, (uintptr_t)buffer, size, 0, 0);
}

/* Fills a buffer (at most 256 bytes) from the kernel's ChaCha pool. */
static inline int64_t jg_random(void *buffer, size_t size)
{
    return jg_syscall6(JG_SYS_random, (uintptr_t)buffer, size, 0, 0, 0, 0);
}

/* Powers off or restarts the machine (enum jg_power). */
static inline int64_t jg_system_power(jg_handle_t resource, uint32_t action)
{
    return jg_syscall6(JG_SYS_system_power, resource, action, 0, 0, 0, 0);
}

/* Waits until the kernel's reaper has nothing left to free. */
static inline int64_t jg_system_quiesce(void)
{
    return jg_syscall6(JG_SYS_system_quiesce, 0, 0, 0, 0, 0, 0);
}

/* Prints every thread, what it waits for and who holds its token, to the log. */
static inline int64_t jg_debug_dump(void)
{
    return jg_syscall6(JG_SYS_debug_dump, 0, 0, 0, 0, 0, 0);
}
