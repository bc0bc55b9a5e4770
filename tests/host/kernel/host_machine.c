/*
 * What object/ and syscall/ call of arch/ and core/, for a program on the host. User memory is reached through the
 * current thread's page tables, time is a counter, devices are nothing.
 */
#include "host.h"

#include <arch/cpu.h>
#include <arch/irq.h>
#include <arch/thread.h>
#include <arch/user.h>
#include <core/hooks.h>
#include <core/log.h>
#include <core/random.h>
#include <core/string.h>
#include <core/time.h>
#include <object/thread.h>
#include <vm/aspace.h>

#define VECTOR_SIZE 832u

struct thread *host_current;
uint64_t host_counter;

static bool irq_taken[ARCH_IRQS];

void arch_leave(void)
{
}

void arch_return_to_user(void)
{
}

void arch_thread_init(struct arch_thread *t)
{
    memset(t, 0, sizeof *t);
}

void arch_thread_destroy(struct arch_thread *t)
{
    CHECK((struct thread *)t != host_current);
    heap_free(t->vector);
    t->vector = NULL;
}

void arch_thread_set_aspace(struct arch_thread *t, struct aspace *as)
{
    t->aspace = as;
}

jg_status_t arch_thread_copy(struct arch_thread *dst, struct arch_thread *src)
{
    if (src->vector) {
        dst->vector = heap_alloc(VECTOR_SIZE);
        if (!dst->vector)
            return JG_ERR_NO_MEMORY;
        memcpy(dst->vector, src->vector, VECTOR_SIZE);
    }
    dst->regs = src->regs;
    return JG_OK;
}

void arch_thread_read_regs(struct arch_thread *t, struct jg_regs *regs)
{
    *regs = t->regs;
}

jg_status_t arch_thread_write_regs(struct arch_thread *t, const struct jg_regs *regs)
{
    if (regs->rip >= JG_USER_TOP)
        return JG_ERR_INVALID_ARGS;
    t->regs = *regs;
    return JG_OK;
}

size_t arch_vector_size(void)
{
    return VECTOR_SIZE;
}

uint64_t arch_vector_features(void)
{
    return 3;
}

const void *arch_vector_initial(void)
{
    static const uint8_t initial[VECTOR_SIZE];

    return initial;
}

const void *arch_vector_read(struct arch_thread *t)
{
    return t->vector;
}

void *arch_vector_open(struct arch_thread *t)
{
    if (!t->vector)
        t->vector = heap_alloc(VECTOR_SIZE);
    return t->vector;
}

jg_status_t arch_vector_close(struct arch_thread *t)
{
    (void)t;
    return JG_OK;
}

void arch_vector_reset(struct arch_thread *t)
{
    if (t->vector)
        memset(t->vector, 0, VECTOR_SIZE);
}

bool copy_from_user(void *dst, uintptr_t user_src, size_t length)
{
    void *copy = malloc(length);
    int64_t n = aspace_read(host_current->arch.aspace, user_src, copy, length, 0);

    memcpy(dst, copy, n > 0 ? (size_t)n : 0);
    free(copy);
    return n == (int64_t)length;
}

/* The machine's instruction copies what overlaps, too: a thread may read its own memory through a window. */
bool copy_to_user(uintptr_t user_dst, const void *src, size_t length)
{
    void *copy = malloc(length);
    int64_t n;

    memcpy(copy, src, length);
    n = aspace_write(host_current->arch.aspace, user_dst, copy, length, 0);
    free(copy);
    return n == (int64_t)length;
}

bool read_user_u32(uintptr_t va, uint32_t *value)
{
    return copy_from_user(value, va, 4);
}

int arch_irq_alloc_line(unsigned gsi, bool level)
{
    (void)level;
    if (gsi >= 24)
        return JG_ERR_NOT_FOUND;
    if (irq_taken[gsi])
        return JG_ERR_EXISTS;
    irq_taken[gsi] = true;
    return (int)gsi;
}

int arch_irq_alloc_message(uint64_t *address, uint32_t *data)
{
    for (unsigned i = 24; i < ARCH_IRQS; i++) {
        if (irq_taken[i])
            continue;
        irq_taken[i] = true;
        *address = 0xfee00000;
        *data = i;
        return (int)i;
    }
    return JG_ERR_NO_MEMORY;
}

void arch_irq_free(unsigned irq)
{
    CHECK(irq_taken[irq]);
    irq_taken[irq] = false;
}

void arch_irq_mask(unsigned irq)
{
    CHECK(irq < ARCH_IRQS);
}

void arch_irq_unmask(unsigned irq)
{
    CHECK(irq_taken[irq]);
}

void arch_timer_set(int64_t deadline)
{
    (void)deadline;
}

uint32_t arch_port_read(uint16_t port, unsigned width)
{
    (void)port, (void)width;
    return ~0u;
}

void arch_port_write(uint16_t port, unsigned width, uint32_t value)
{
    (void)port, (void)width, (void)value;
}

void arch_power_off(void)
{
    abort();
}

void arch_restart(void)
{
    abort();
}

jg_time_t time_monotonic(void)
{
    return (jg_time_t)host_counter;
}

jg_time_t time_wall_offset(void)
{
    return 1;
}

jg_time_t time_of_ticks(uint64_t ticks)
{
    return (jg_time_t)ticks;
}

paddr_t time_page_address(void)
{
    static paddr_t page;

    if (!page)
        page = frame_alloc_zeroed();
    return page;
}

void random_bytes(void *buffer, size_t size)
{
    memset(buffer, 7, size);
}

void log_print(const char *format, ...)
{
    (void)format;
}

void log_write(const char *text, size_t length)
{
    volatile char sink = 0;

    for (size_t i = 0; i < length; i++)
        sink = text[i];
    (void)sink;
}

size_t log_read(uint64_t *cursor, char *buffer, size_t size)
{
    size_t n = *cursor < 1000 ? MIN(size, 1000 - *cursor) : 0;

    memset(buffer, 'l', n);
    *cursor += n;
    return n;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);

    memcpy(dst, src, MIN(n, size - 1));
    dst[MIN(n, size - 1)] = 0;
    return n;
}

uint64_t heap_pages(void)
{
    return (uint64_t)host_blocks;
}
