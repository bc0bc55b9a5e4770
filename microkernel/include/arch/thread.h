/*
 * What a thread is to the processor: its user registers, and how calls travel in them.
 *
 * struct arch_thread is the FIRST member of struct thread, named `arch`; the entry code saves every integer
 * register into it and loads them from there. There is no kernel stack behind a thread.
 *
 * The inline accessors (machine/thread_inline.h) name registers by what abi/jg/arch/ says they carry:
 *   arch_syscall_number(t)              rax at entry
 *   arch_arg(t, i)                      native or Linux argument 0..5
 *   arch_set_result(t, value)           result register of a native call or of a trapped syscall
 *   arch_result(t)                      what is in it
 *   arch_call_handle(t), arch_call_info(t), arch_call_ext(t)   channel_call; reply_wait's port; token = ext
 *   arch_call_word(t, i)                word i of a call or of a reply
 *   arch_set_call_word(t, i, value)
 *   arch_copy_words(dst, src)           all 8 words, call -> receiver or reply -> caller
 *   arch_copy_trap_words(dst, src)      syscall arguments 0..5, number and kind of src -> words of dst
 *   arch_apply_trap_words(t, src)       the words of src (a pass) become t's arguments and number
 *   arch_set_delivery(t, status, key, token, info)   what reply_wait returns beside words
 *   arch_set_call_result(t, status, info)            what channel_call returns beside words
 *   arch_pc(t), arch_sp(t)
 */
#pragma once

#include <core/compiler.h>
#include <jg/thread.h>
#include <jg/types.h>
#include <machine/thread.h>

struct aspace;

#define ARCH_WORK_KICK 1u       /* bits of arch_thread.work; meaning is object/'s, any non-zero counts */
#define ARCH_WORK_KILLED 2u
#define ARCH_WORK_RESCHEDULE 4u

#include <machine/thread_inline.h>

/* Prepares a zeroed structure: flags, segments; no address space, registers all zero. */
void arch_thread_init(struct arch_thread *t);

/*
 * Frees what is behind it and forgets it on every processor. The thread is not current.
 * Call it before the memory of the thread is freed.
 */
void arch_thread_destroy(struct arch_thread *t);

/* Says in which address space it runs; the caller keeps the reference. For the current thread too. */
void arch_thread_set_aspace(struct arch_thread *t, struct aspace *as);

/*
 * Sets up a first native entry: pc, sp, first argument. Everything else is zero.
 */
void arch_thread_set_entry(struct arch_thread *t, uintptr_t pc, uintptr_t sp, uint64_t argument);

/* Copies registers, segment bases and vector state. JG_ERR_NO_MEMORY leaves dst as it was. */
jg_status_t arch_thread_copy(struct arch_thread *dst, struct arch_thread *src);

/* Reads all registers of a thread that is not in user mode. */
void arch_thread_read_regs(struct arch_thread *t, struct jg_regs *regs);

/*
 * Writes them, sanitised: JG_ERR_INVALID_ARGS for a PC or base that is not canonical user memory, and then
 * nothing changed; forbidden flag bits are dropped. entry_rax is stored as given.
 */
jg_status_t arch_thread_write_regs(struct arch_thread *t, const struct jg_regs *regs);

/* Bytes of JG_STATE_VECTOR. */
size_t arch_vector_size(void);

/* XCR0 or its like. */
uint64_t arch_vector_features(void);

/*
 * The vector state as it is, for reading `arch_vector_size()` bytes; saved first if it is live in a
 * processor. NULL: the thread never used it (the initial state: see arch_vector_initial()).
 */
const void *arch_vector_read(struct arch_thread *t);

/* The initial vector state, arch_vector_size() bytes. */
const void *arch_vector_initial(void);

/*
 * Where new vector state is to be put, arch_vector_size() bytes: from here to arch_vector_close() or
 * arch_vector_reset() the thread has none. NULL: no memory, and nothing changed.
 */
void *arch_vector_open(struct arch_thread *t);

/* Takes what was put there. JG_ERR_INVALID_ARGS: a reserved bit of MXCSR or of the header; it is initial then. */
jg_status_t arch_vector_close(struct arch_thread *t);

/* Gives it the initial vector state. Needs no memory. */
void arch_vector_reset(struct arch_thread *t);
