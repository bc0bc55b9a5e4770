/*
 * Processor exceptions as signals, as Linux 6.1's arch/x86 traps send them.
 */
#include "exception.h"

#include <jg/call.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <task.h>

enum vector {
    DIVIDE,
    DEBUG,
    NMI,
    BREAKPOINT,
    OVERFLOW,
    BOUND,
    INVALID,
    STACK = 12,
    GENERAL = 13,
    PAGE_FAULT = 14,
    X87 = 16,
    ALIGNMENT,
    SIMD = 19
};

#define ERROR_PRESENT 1u
#define ERROR_WRITE   2u
#define ERROR_USER    4u
#define ERROR_EXECUTE 16u

void exception_note_fault(struct task *t, uint64_t address, uint32_t flags)
{
    t->last_fault.number = PAGE_FAULT;
    t->last_fault.address = address;
    /* Nothing is told of the kernel's half: all of it looks mapped. */
    if (address >= JG_USER_TOP)
        flags |= JG_FAULT_PRESENT;
    t->last_fault.error = ERROR_USER | (flags & JG_FAULT_PRESENT ? ERROR_PRESENT : 0) |
                          (flags & JG_FAULT_WRITE ? ERROR_WRITE : 0) |
                          (flags & JG_FAULT_EXECUTE ? ERROR_EXECUTE : 0);
}

/* The unmasked exceptions that are pending in the unit: x87's status word, or MXCSR. */
static unsigned pending_float(struct task *t, bool simd)
{
    struct jg_info_system info;
    unsigned pending = 0;
    uint8_t *area;

    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0 ||
        !(area = rt_alloc(info.vector_size)))
        return 1; /* invalid: the commonest */
    if (jg_thread_read_state(t->thread, JG_STATE_VECTOR, area, info.vector_size) > 0) {
        uint16_t control = *(uint16_t *)area, status = *(uint16_t *)(area + 2);
        uint32_t mxcsr = *(uint32_t *)(area + 24);

        pending = simd ? mxcsr & ~(mxcsr >> 7) : status & ~control;
    }
    rt_free(area);
    return pending & 0x3f;
}

static int float_code(unsigned pending)
{
    if (pending & 0x01)
        return FPE_FLTINV;
    if (pending & 0x04)
        return FPE_FLTDIV;
    if (pending & 0x08)
        return FPE_FLTOVF;
    if (pending & 0x12)
        return FPE_FLTUND;
    return pending & 0x20 ? FPE_FLTRES : 0;
}

static void fill(siginfo_t *info, int sig, int code, uint64_t address)
{
    info->si_signo = sig;
    info->si_code = code;
    info->si_addr = (void *)address;
}

bool exception_info(struct task *t, const uint64_t *words, siginfo_t *info)
{
    uint64_t vector = words[0], pc = words[3];
    int code;

    t->last_fault.number = vector;
    t->last_fault.error = words[1];
    memset(info, 0, sizeof *info);
    switch (vector) {
    case DIVIDE:
        fill(info, SIGFPE, FPE_INTDIV, pc);
        break;
    case DEBUG:
        fill(info, SIGTRAP, TRAP_TRACE, pc);
        break;
    case BREAKPOINT:
        fill(info, SIGTRAP, SI_KERNEL, 0);
        break;
    case INVALID:
        fill(info, SIGILL, ILL_ILLOPN, pc);
        break;
    case X87:
    case SIMD:
        code = float_code(pending_float(t, vector == SIMD));
        if (!code)
            return false;
        fill(info, SIGFPE, code, pc);
        break;
    case ALIGNMENT:
        fill(info, SIGBUS, BUS_ADRALN, 0);
        break;
    case STACK:
        fill(info, SIGBUS, SI_KERNEL, 0);
        break;
    default: /* overflow, bound, general protection, ... */
        fill(info, SIGSEGV, SI_KERNEL, 0);
        break;
    }
    return true;
}
