/*
 * Processor exceptions as signals, as Linux 6.1's arch/x86 traps send them.
 */
#include "exception.h"

#include <jg/rt/string.h>

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
    X87 = 16,
    ALIGNMENT,
    SIMD = 19
};

void exception_info(unsigned vector, uint64_t error, uint64_t address, uint64_t pc, siginfo_t *info)
{
    (void)error;
    (void)address;
    memset(info, 0, sizeof *info);
    info->si_code = SI_KERNEL;
    switch (vector) {
    case DIVIDE:
        info->si_signo = SIGFPE;
        info->si_code = FPE_INTDIV;
        info->si_addr = (void *)pc;
        break;
    case DEBUG:
        info->si_signo = SIGTRAP;
        info->si_code = TRAP_TRACE;
        info->si_addr = (void *)pc;
        break;
    case BREAKPOINT:
        info->si_signo = SIGTRAP;
        break;
    case INVALID:
        info->si_signo = SIGILL;
        info->si_code = ILL_ILLOPN;
        info->si_addr = (void *)pc;
        break;
    case X87:
    case SIMD:
        info->si_signo = SIGFPE;
        info->si_code = FPE_FLTINV;
        info->si_addr = (void *)pc;
        break;
    case ALIGNMENT:
        info->si_signo = SIGBUS;
        info->si_code = BUS_ADRALN;
        break;
    case STACK:
        info->si_signo = SIGBUS;
        break;
    default: /* overflow, bound, general protection, ... */
        info->si_signo = SIGSEGV;
        break;
    }
}
