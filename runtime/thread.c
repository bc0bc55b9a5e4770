/*
 * Threads with stacks of their own.
 *
 * In:   rt_thread_start().
 * Life: the stack is a reservation whose lowest page stays inaccessible; above it lies committed
 *       memory, with struct start at the top. The thread itself gives the whole reservation back as
 *       its last act (thread_exit_unmap), so nobody needs to know that it ended.
 */
#include <jg/rt/startup.h>
#include <jg/rt/thread.h>
#include <jg/stubs.h>

#include "arch/x86_64/arch.h"

#define GUARD JG_PAGE_SIZE

struct start {
    void (*fn)(void *);
    void *arg;
    uint64_t base, length; /* the reservation */
};

_Noreturn void thread_exit_unmap(uint64_t base, uint64_t length);

static _Noreturn void thread_main(const struct start *start)
{
    start->fn(start->arg);
    thread_exit_unmap(start->base, start->length);
}

static int64_t map_stack(uint64_t length, uint64_t *base)
{
    struct jg_map hole = {.length = length, .flags = JG_MAP_PRIVATE | JG_MAP_ANYWHERE};
    int64_t status = jg_aspace_map(JG_HANDLE_NONE, &hole);
    struct jg_map stack = {
        .va = hole.va + GUARD,
        .length = length - GUARD,
        .prot = JG_PROT_READ | JG_PROT_WRITE,
        .max_prot = JG_PROT_READ | JG_PROT_WRITE,
        .flags = JG_MAP_PRIVATE | JG_MAP_REPLACE | JG_MAP_COMMIT,
    };

    if (status < 0)
        return status;
    status = jg_aspace_map(JG_HANDLE_NONE, &stack);
    if (status < 0)
        jg_aspace_unmap(JG_HANDLE_NONE, hole.va, length);
    *base = hole.va;
    return status;
}

static int64_t start_at(jg_handle_t thread, struct start *start)
{
    struct jg_regs regs =
        arch_thread_regs((uintptr_t)thread_main, (uintptr_t)start, (uintptr_t)start);
    int64_t status = jg_thread_write_state(thread, JG_STATE_REGS, &regs, sizeof regs);

    return status < 0 ? status : jg_thread_start(thread);
}

int64_t rt_thread_start(void (*fn)(void *), void *arg, size_t stack_bytes, unsigned priority)
{
    jg_handle_t process = startup_handle(startup_list(), "process");
    uint64_t length = (stack_bytes + 2 * JG_PAGE_SIZE - 1) / JG_PAGE_SIZE * JG_PAGE_SIZE;
    struct start *start;
    int64_t status, thread;
    uint64_t base;

    status = map_stack(length, &base);
    if (status < 0)
        return status;
    thread = jg_thread_create(process, JG_HANDLE_NONE,
                              JG_THREAD_NO_VECTOR | priority << JG_THREAD_PRIORITY_SHIFT);
    if (thread < 0) {
        jg_aspace_unmap(JG_HANDLE_NONE, base, length);
        return thread;
    }

    start = (struct start *)((base + length - sizeof *start) & ~15ull);
    *start = (struct start){fn, arg, base, length};
    status = start_at((jg_handle_t)thread, start);
    if (status < 0) {
        jg_task_kill((jg_handle_t)thread, status);
        jg_aspace_unmap(JG_HANDLE_NONE, base, length);
    }
    jg_handle_close((jg_handle_t)thread);
    return status < 0 ? status : JG_OK;
}
