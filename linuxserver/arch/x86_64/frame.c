/*
 * Signal frames on x86-64: what a handler finds on its stack, and the way back.
 *
 * The frame, from the handler's stack pointer up: return address (the restorer), struct ucontext,
 * siginfo; and above them, 64-aligned, the XSAVE area with Linux's software-reserved description in
 * its legacy part and a magic number behind it. As the distance between the two is always the same, a frame is
 * composed in one buffer and crosses to the program, and comes back, in one copy.
 * Source: sigreturn(2), asm/sigcontext.h.
 *
 * In:    frame_build() from delivery, frame_restore() from rt_sigreturn(2); the task's own worker, no lock held.
 */
#include <mm.h>
#include <signal.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/signal.h>

#define RED_ZONE      128
#define FXSAVE_SIZE   512
#define SW_RESERVED   464 /* offset of struct _fpx_sw_bytes in the legacy area */
#define XSTATE_HEADER 512
#define LEGACY_STATE  3ul     /* x87 and SSE */
#define RFLAGS_CLEAR  0x10500 /* TF, DF, RF are off in a handler */
#define UC_FLAGS      7ul     /* UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
#define USER_CS       0x33
#define USER_SS       0x2b
#define SYSCALL_BYTES 2

struct frame {
    uint64_t restorer;
    struct ucontext uc;
    siginfo_t info;
};

/* From a frame to its vector state: 64-aligned, as rsp + 8 is 16-aligned in the handler. */
#define VECTOR_AT  456ul
#define CONTEXT_AT offsetof(struct frame, uc) /* where the handler's `ret` leaves rsp */

_Static_assert(sizeof(struct frame) == 440, "arch/x86/include/asm/sigframe.h");
_Static_assert(VECTOR_AT % 16 == 8 && VECTOR_AT >= sizeof(struct frame) + 8,
               "as Linux lays it out");
_Static_assert(sizeof(struct jg_regs) <= sizeof(struct frame) - CONTEXT_AT, "regs fit before it");

static uint32_t vector_size;
static uint64_t vector_features;

/* One buffer is kept for the next frame; whoever finds it taken gets another from the heap. */
static uint8_t *spare;

static size_t frame_bytes(void)
{
    return VECTOR_AT + vector_size + FP_XSTATE_MAGIC2_SIZE;
}

static bool learn_vector(void)
{
    struct jg_info_system info;

    if (!vector_size && jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) > 0) {
        vector_features = info.vector_features;
        vector_size = info.vector_size;
    }
    return vector_size;
}

static uint8_t *buffer_get(void)
{
    uint8_t *buffer = __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQUIRE);

    if (buffer)
        return buffer;
    return learn_vector() ? rt_alloc(frame_bytes()) : NULL;
}

static void buffer_put(uint8_t *buffer)
{
    uint8_t *other = __atomic_exchange_n(&spare, buffer, __ATOMIC_RELEASE);

    if (other)
        rt_free(other);
}

uint64_t frame_size_max(void)
{
    const uint64_t alignment = 64;

    learn_vector();
    return (frame_bytes() + alignment + 15) & ~15ull;
}

void regs_rewind(struct jg_regs *regs, uint64_t number)
{
    regs->rip -= SYSCALL_BYTES;
    regs->rax = number;
}

static void fill_context(struct sigcontext *sc, const struct jg_regs *r,
                         const struct machine_fault *fault, uint64_t mask)
{
    sc->r8 = r->r8, sc->r9 = r->r9, sc->r10 = r->r10, sc->r11 = r->r11;
    sc->r12 = r->r12, sc->r13 = r->r13, sc->r14 = r->r14, sc->r15 = r->r15;
    sc->rdi = r->rdi, sc->rsi = r->rsi, sc->rbp = r->rbp, sc->rbx = r->rbx;
    sc->rdx = r->rdx, sc->rax = r->rax, sc->rcx = r->rcx, sc->rsp = r->rsp;
    sc->rip = r->rip, sc->eflags = r->rflags;
    sc->cs = USER_CS, sc->ss = USER_SS, sc->gs = sc->fs = 0;
    sc->trapno = fault->number, sc->err = fault->error, sc->cr2 = fault->address;
    sc->oldmask = mask;
    memset(sc->reserved1, 0, sizeof sc->reserved1);
}

static void read_context(const struct sigcontext *sc, struct jg_regs *r)
{
    r->r8 = sc->r8, r->r9 = sc->r9, r->r10 = sc->r10, r->r11 = sc->r11;
    r->r12 = sc->r12, r->r13 = sc->r13, r->r14 = sc->r14, r->r15 = sc->r15;
    r->rdi = sc->rdi, r->rsi = sc->rsi, r->rbp = sc->rbp, r->rbx = sc->rbx;
    r->rdx = sc->rdx, r->rax = sc->rax, r->rcx = sc->rcx, r->rsp = sc->rsp;
    r->rip = sc->rip, r->rflags = sc->eflags;
    r->entry_rax = (uint64_t)-1;
}

/* Describes the vector state in `area` as Linux does. */
static void describe_vector(uint8_t *area)
{
    struct _fpx_sw_bytes sw = {
        .magic1 = FP_XSTATE_MAGIC1,
        .extended_size = vector_size + FP_XSTATE_MAGIC2_SIZE,
        .xfeatures = vector_features,
        .xstate_size = vector_size,
    };
    uint32_t magic2 = FP_XSTATE_MAGIC2;

    memcpy(area + SW_RESERVED, &sw, sizeof sw);
    memcpy(area + vector_size, &magic2, sizeof magic2);
}

/* Where the frame goes; 0: it would run over the end of the alternate stack. */
static uint64_t frame_place(const struct altstack *s, uint64_t rsp, uint64_t flags)
{
    uint64_t sp = rsp - RED_ZONE, at;
    bool inside = altstack_in_use(s, rsp);

    if ((flags & SA_ONSTACK) && s->size && !altstack_in_use(s, sp)) {
        sp = s->base + s->size;
        inside = true;
    }
    at = ((sp - vector_size - FP_XSTATE_MAGIC2_SIZE) & ~63ull) - VECTOR_AT;
    return inside && !altstack_contains(s, at) ? 0 : at;
}

static void fill_frame(struct frame *f, struct task *t, const struct jg_regs *regs, uint64_t at,
                       const struct action *action, const siginfo_t *info, uint64_t mask)
{
    f->restorer = action->restorer;
    f->uc.uc_flags = UC_FLAGS;
    f->uc.uc_link = NULL;
    f->uc.uc_stack.ss_sp = (void *)t->altstack.base;
    f->uc.uc_stack.ss_size = t->altstack.size;
    memset(&f->uc.uc_stack.ss_flags, 0, sizeof f->uc.uc_stack.ss_size); /* and its padding */
    f->uc.uc_stack.ss_flags = (int)t->altstack.flags;
    fill_context(&f->uc.uc_mcontext, regs, &t->last_fault, mask);
    f->uc.uc_mcontext.fpstate = (void *)(at + VECTOR_AT);
    memcpy(&f->uc.uc_sigmask, &mask, sizeof mask);
    f->info = *info;
    memset(f + 1, 0, VECTOR_AT - sizeof *f);
}

/* Reads registers and vector state into `buffer`, the latter where it stays. 0 or -EFAULT. */
static int read_state(struct task *t, uint8_t *buffer, struct jg_regs *regs)
{
    uint8_t *from = buffer + VECTOR_AT - sizeof *regs;

    if (jg_thread_read_state(t->thread, JG_STATE_ALL, from, sizeof *regs + vector_size) < 0)
        return -EFAULT;
    memcpy(regs, from, sizeof *regs);
    return 0;
}

static int write_frame(struct task *t, uint8_t *buffer, const struct call_end *end, int sig,
                       const struct action *action, const siginfo_t *info, uint64_t mask)
{
    struct jg_regs regs;
    uint64_t at;
    int err = read_state(t, buffer, &regs);

    if (err)
        return err;
    if (end->again)
        regs_rewind(&regs, regs.entry_rax);
    else if (end->ended)
        regs.rax = (uint64_t)end->result;
    at = frame_place(&t->altstack, regs.rsp, action->flags);
    if (!at)
        return -EFAULT;
    fill_frame((struct frame *)buffer, t, &regs, at, action, info, mask);
    describe_vector(buffer + VECTOR_AT);
    err = copy_out(t->mm, at, buffer, frame_bytes());
    if (err)
        return err;
    regs.rip = action->handler;
    regs.rsp = at;
    regs.rdi = (uint64_t)sig;
    regs.rsi = at + offsetof(struct frame, info);
    regs.rdx = at + CONTEXT_AT;
    regs.rax = 0;
    regs.rflags &= ~(uint64_t)RFLAGS_CLEAR;
    regs.entry_rax = (uint64_t)-1;
    /* Without vector state: a handler starts with the initial one. */
    return jg_thread_write_state(t->thread, JG_STATE_ALL, &regs, sizeof regs) < 0 ? -EFAULT : 0;
}

int frame_build(struct task *t, const struct call_end *end, int sig, const struct action *action,
                const siginfo_t *info, uint64_t mask)
{
    uint8_t *buffer;
    int err;

    if (!(action->flags & SA_RESTORER))
        return -EFAULT;
    buffer = buffer_get();
    if (!buffer)
        return -ENOMEM;
    err = write_frame(t, buffer, end, sig, action, info, mask);
    buffer_put(buffer);
    if (!err && (t->altstack.flags & SS_AUTODISARM))
        t->altstack = (struct altstack){.flags = SS_DISABLE};
    return err;
}

/* Does the legacy area describe state of this processor's size, with the magic number behind it? */
static bool is_extended(const uint8_t *area)
{
    struct _fpx_sw_bytes sw;
    uint32_t magic2;

    memcpy(&sw, area + SW_RESERVED, sizeof sw);
    memcpy(&magic2, area + vector_size, sizeof magic2);
    return sw.magic1 == FP_XSTATE_MAGIC1 && sw.xstate_size == vector_size &&
           sw.extended_size == vector_size + FP_XSTATE_MAGIC2_SIZE && magic2 == FP_XSTATE_MAGIC2;
}

/*
 * Makes of `got` bytes of a program's what the kernel loads: parts that the description leaves out, and all but the
 * legacy part of a frame without it, become initial. What the processor would refuse, the kernel refuses.
 */
static int prepare_vector(uint8_t *area, size_t got)
{
    uint64_t *header = (uint64_t *)(area + XSTATE_HEADER);
    struct _fpx_sw_bytes sw;

    if (got < FXSAVE_SIZE)
        return -EFAULT;
    if (vector_size == FXSAVE_SIZE)
        return 0;
    if (got == vector_size + FP_XSTATE_MAGIC2_SIZE && is_extended(area)) {
        memcpy(&sw, area + SW_RESERVED, sizeof sw);
        if (!(header[0] & ~vector_features))
            header[0] &= sw.xfeatures;
    } else {
        memset(header, 0, 64);
        header[0] = LEGACY_STATE & vector_features;
    }
    return 0;
}

/*
 * Reads the frame at `sp` into the buffer, and its vector state, wherever it is. *vector: whether there is one.
 */
static int read_frame(struct task *t, uint8_t *buffer, uint64_t sp, bool *vector)
{
    struct frame *f = (struct frame *)buffer;
    size_t whole = frame_bytes() - CONTEXT_AT, got;
    uint64_t at;

    got = copy_in_some(t->mm, buffer + CONTEXT_AT, sp, whole);
    if (got < sizeof f->uc)
        return -EFAULT;
    at = (uint64_t)f->uc.uc_mcontext.fpstate;
    *vector = at != 0;
    if (!at)
        return 0;
    if (at & 63)
        return -EFAULT;
    if (at == sp - CONTEXT_AT + VECTOR_AT)
        got = got > VECTOR_AT - CONTEXT_AT ? got - (VECTOR_AT - CONTEXT_AT) : 0;
    else
        got = copy_in_some(t->mm, buffer + VECTOR_AT, at, vector_size + FP_XSTATE_MAGIC2_SIZE);
    return prepare_vector(buffer + VECTOR_AT, got);
}

static int restore(struct task *t, uint8_t *buffer, uint64_t *mask)
{
    const struct frame *f = (const struct frame *)buffer;
    struct altstack stack;
    struct jg_regs regs;
    bool vector;
    int err;

    if (jg_thread_read_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EFAULT;
    err = read_frame(t, buffer, regs.rsp, &vector);
    if (err)
        return err;
    if ((f->uc.uc_mcontext.cs | 3) != USER_CS)
        return -EFAULT;
    read_context(&f->uc.uc_mcontext, &regs);
    memcpy(mask, &f->uc.uc_sigmask, sizeof *mask);
    stack = (struct altstack){.base = (uint64_t)f->uc.uc_stack.ss_sp,
                              .size = f->uc.uc_stack.ss_size,
                              .flags = (uint32_t)f->uc.uc_stack.ss_flags};
    memcpy(buffer + VECTOR_AT - sizeof regs, &regs, sizeof regs);
    if (jg_thread_write_state(t->thread, JG_STATE_ALL, buffer + VECTOR_AT - sizeof regs,
                              sizeof regs + (vector ? vector_size : 0)) < 0)
        return -EFAULT;
    altstack_set(t, &stack, regs.rsp); /* one that it refuses changes nothing */
    return 0;
}

int frame_restore(struct task *t, uint64_t *mask)
{
    uint8_t *buffer = buffer_get();
    int err;

    if (!buffer)
        return -ENOMEM;
    err = restore(t, buffer, mask);
    buffer_put(buffer);
    return err;
}
