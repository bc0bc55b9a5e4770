/*
 * Signal frames on x86-64: what a handler finds on its stack, and the way back.
 *
 * The frame, from the handler's stack pointer up: return address (the restorer), struct ucontext,
 * siginfo; and above them, 64-aligned, the XSAVE area with Linux's software-reserved description in
 * its legacy part. Source: sigreturn(2), asm/sigcontext.h.
 */
#include <mm.h>
#include <signal.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/signal.h>

#define RED_ZONE               128
#define FXSAVE_SIZE            512
#define SW_RESERVED            464 /* offset of struct _fpx_sw_bytes in the legacy area */
#define XSTATE_HEADER          512
#define RFLAGS_CLEAR           0x40500 /* TF, DF, AC are off in a handler */
#define UC_FLAGS_SIGCONTEXT_SS 6ul     /* UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
#define SYSCALL_BYTES          2

struct frame {
    uint64_t restorer;
    struct ucontext uc;
    siginfo_t info;
};

static uint32_t vector_size;
static uint64_t vector_features;

static void learn_vector(void)
{
    struct jg_info_system info;

    if (!vector_size && jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) > 0) {
        vector_features = info.vector_features;
        vector_size = info.vector_size;
    }
}

void regs_rewind(struct jg_regs *regs, uint64_t number)
{
    regs->rip -= SYSCALL_BYTES;
    regs->rax = number;
}

static void fill_context(struct sigcontext *sc, const struct jg_regs *r, uint64_t mask)
{
    sc->r8 = r->r8, sc->r9 = r->r9, sc->r10 = r->r10, sc->r11 = r->r11;
    sc->r12 = r->r12, sc->r13 = r->r13, sc->r14 = r->r14, sc->r15 = r->r15;
    sc->rdi = r->rdi, sc->rsi = r->rsi, sc->rbp = r->rbp, sc->rbx = r->rbx;
    sc->rdx = r->rdx, sc->rax = r->rax, sc->rcx = r->rcx, sc->rsp = r->rsp;
    sc->rip = r->rip, sc->eflags = r->rflags;
    sc->cs = 0x33, sc->ss = 0x2b, sc->gs = sc->fs = 0;
    sc->oldmask = mask;
}

static void read_context(const struct sigcontext *sc, struct jg_regs *r)
{
    r->r8 = sc->r8, r->r9 = sc->r9, r->r10 = sc->r10, r->r11 = sc->r11;
    r->r12 = sc->r12, r->r13 = sc->r13, r->r14 = sc->r14, r->r15 = sc->r15;
    r->rdi = sc->rdi, r->rsi = sc->rsi, r->rbp = sc->rbp, r->rbx = sc->rbx;
    r->rdx = sc->rdx, r->rax = sc->rax, r->rcx = sc->rcx, r->rsp = sc->rsp;
    r->rip = sc->rip, r->rflags = sc->eflags;
}

/* Copies the vector state to the program's stack at `va`, described as Linux describes it. */
static int save_vector(struct task *t, uint64_t va)
{
    uint32_t magic2 = FP_XSTATE_MAGIC2;
    struct _fpx_sw_bytes sw = {
        .magic1 = FP_XSTATE_MAGIC1,
        .extended_size = vector_size + FP_XSTATE_MAGIC2_SIZE,
        .xfeatures = vector_features,
        .xstate_size = vector_size,
    };
    uint8_t *area = rt_zalloc(vector_size);
    int err = -EFAULT;

    if (!area)
        return -EFAULT;
    if (jg_thread_read_state(t->thread, JG_STATE_VECTOR, area, vector_size) >= 0) {
        memcpy(area + SW_RESERVED, &sw, sizeof sw);
        err = copy_out(t->mm, va, area, vector_size);
        if (!err)
            err = copy_out(t->mm, va + vector_size, &magic2, sizeof magic2);
    }
    rt_free(area);
    return err;
}

/*
 * Loads the vector state that a frame points to. What the program made of it is sanitised by the
 * kernel; a frame without the magic numbers carries only the legacy part.
 */
static int load_vector(struct task *t, uint64_t va)
{
    struct _fpx_sw_bytes sw;
    uint32_t magic2 = 0;
    uint8_t *area;
    int err;

    area = rt_zalloc(vector_size);
    if (!area)
        return -EFAULT;
    err = copy_in(t->mm, area, va, FXSAVE_SIZE);
    memcpy(&sw, area + SW_RESERVED, sizeof sw);
    if (!err && sw.magic1 == FP_XSTATE_MAGIC1 && sw.xstate_size == vector_size &&
        sw.extended_size == vector_size + FP_XSTATE_MAGIC2_SIZE &&
        !copy_in(t->mm, &magic2, va + vector_size, sizeof magic2) && magic2 == FP_XSTATE_MAGIC2) {
        err = copy_in(t->mm, area + FXSAVE_SIZE, va + FXSAVE_SIZE, vector_size - FXSAVE_SIZE);
        uint64_t *header = (uint64_t *)(area + XSTATE_HEADER);
        header[0] &= vector_features;
        memset(header + 1, 0, 56);
    } else if (!err) {
        *(uint64_t *)(area + XSTATE_HEADER) = 3 & vector_features;
    }
    memset(area + SW_RESERVED, 0, FXSAVE_SIZE - SW_RESERVED);
    *(uint32_t *)(area + 24) &= 0xffff; /* MXCSR's reserved bits */
    if (!err && jg_thread_write_state(t->thread, JG_STATE_VECTOR, area, vector_size) < 0)
        err = -EFAULT;
    rt_free(area);
    return err;
}

static bool on_altstack(const struct task *t, uint64_t sp)
{
    return t->altstack.size && sp > t->altstack.base && sp - t->altstack.base <= t->altstack.size;
}

int frame_build(struct task *t, struct jg_regs *regs, int sig, const struct action *action,
                const siginfo_t *info, uint64_t mask)
{
    uint64_t sp = regs->rsp - RED_ZONE, vector, at;
    struct frame *f;
    int err;

    learn_vector();
    if (!(action->flags & SA_RESTORER))
        return -EFAULT;
    bool nested = on_altstack(t, regs->rsp);
    if ((action->flags & SA_ONSTACK) && t->altstack.size && !nested)
        sp = t->altstack.base + t->altstack.size;
    vector = (sp - vector_size - FP_XSTATE_MAGIC2_SIZE) & ~63ull;
    at = ((vector - sizeof *f) & ~15ull) - 8; /* as after a call: rsp + 8 is 16-aligned */
    if ((on_altstack(t, sp) || nested) && at < t->altstack.base)
        return -EFAULT;
    f = rt_zalloc(sizeof *f);
    if (!f)
        return -EFAULT;
    f->restorer = action->restorer;
    f->info = *info;
    f->uc.uc_flags = 1 /* UC_FP_XSTATE */ | UC_FLAGS_SIGCONTEXT_SS;
    f->uc.uc_stack.ss_sp = (void *)t->altstack.base;
    f->uc.uc_stack.ss_size = t->altstack.size;
    f->uc.uc_stack.ss_flags =
        t->altstack.size ? (nested ? SS_ONSTACK : 0) | (int)t->altstack.flags : SS_DISABLE;
    fill_context(&f->uc.uc_mcontext, regs, mask);
    f->uc.uc_mcontext.fpstate = (void *)vector;
    memcpy(&f->uc.uc_sigmask, &mask, sizeof mask);
    err = save_vector(t, vector);
    if (!err)
        err = copy_out(t->mm, at, f, sizeof *f);
    rt_free(f);
    if (err)
        return err;
    if (t->altstack.flags & SS_AUTODISARM)
        t->altstack = (struct altstack){0};
    regs->rip = action->handler;
    regs->rsp = at;
    regs->rdi = (uint64_t)sig;
    regs->rsi = at + offsetof(struct frame, info);
    regs->rdx = at + offsetof(struct frame, uc);
    regs->rax = 0;
    regs->rflags &= ~(uint64_t)RFLAGS_CLEAR;
    regs->entry_rax = (uint64_t)-1;
    return 0;
}

int frame_restore(struct task *t, uint64_t *mask)
{
    struct jg_regs regs;
    struct ucontext uc;
    int err;

    learn_vector();
    if (jg_thread_read_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EFAULT;
    /* The handler's `ret` took the restorer's address off: rsp is at the ucontext. */
    err = copy_in(t->mm, &uc, regs.rsp, sizeof uc);
    if (err)
        return err;
    read_context(&uc.uc_mcontext, &regs);
    regs.entry_rax = (uint64_t)-1;
    if (uc.uc_mcontext.fpstate && (err = load_vector(t, (uint64_t)uc.uc_mcontext.fpstate)))
        return err;
    if (jg_thread_write_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EFAULT;
    memcpy(mask, &uc.uc_sigmask, sizeof *mask);
    if (!(uc.uc_stack.ss_flags & SS_DISABLE)) {
        t->altstack.base = (uint64_t)uc.uc_stack.ss_sp;
        t->altstack.size = uc.uc_stack.ss_size;
        t->altstack.flags = (uint32_t)uc.uc_stack.ss_flags & SS_AUTODISARM;
    }
    return 0;
}
