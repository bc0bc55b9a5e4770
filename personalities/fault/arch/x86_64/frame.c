/*
 * A signal's frame on x86-64 Linux: at a handler's first instruction rdi is the signal, rdx its ucontext, which lies right
 * above the return address.
 *
 * Source: asm/sigcontext.h, asm/ucontext.h.
 */
#include <jg/arch/x86_64/regs.h>
#include <jg/stubs.h>

#include <linux/signal.h>

#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#include "../../fault.h"

enum { SYSCALL_BYTES = 2 };

bool frame_repeat_call(const struct overlay_thread *thread, const uint64_t *call)
{
    struct sigcontext context;
    struct jg_regs regs;
    uint64_t at;

    if (jg_thread_read_state(thread->thread, JG_STATE_REGS, &regs, sizeof regs) < 0 || !regs.rdi ||
        regs.rdi > 64 || regs.rdx != regs.rsp + 8)
        return false;
    at = regs.rdx + __builtin_offsetof(struct ucontext, uc_mcontext);
    if (overlay_read(thread, at, &context, sizeof context) != sizeof context)
        return false;
    context.rdi = call[0];
    context.rsi = call[1];
    context.rdx = call[2];
    context.r10 = call[3];
    context.r8 = call[4];
    context.r9 = call[5];
    context.rax = call[6];
    context.rip -= SYSCALL_BYTES;
    return overlay_write(thread, at, &context, sizeof context);
}
