/*
 * Where calls travel on x86-64.
 *
 *   every native syscall: rax number; arguments rdi rsi rdx r10 r8 r9; result rax (negative: JG_ERR_*);
 *                         rcx and r11 are lost, all else is kept.
 *   jg_channel_call:      in  rax, rdi channel, r14 info, r15 ext;   words rsi rdx r10 r8 r9 rbx r12 r13
 *                         out rax status, r14 info, words in the same registers; rdi, r15 unspecified
 *   jg_reply, reply_wait: in  rax, rdi port, r14 info, r15 token (0: none), words as above
 *                         out rax status, rdi key, r14 info, r15 token, words as above (reply_wait)
 */
#pragma once

#include <jg/call.h>
#include <jg/syscalls.h>

#define JG_CALL_ASM(nr, rdi_, info_, r15_, in, out)                                               \
    register uint64_t r10 __asm__("r10") = (in)[2];                                               \
    register uint64_t r8 __asm__("r8") = (in)[3];                                                 \
    register uint64_t r9 __asm__("r9") = (in)[4];                                                 \
    register uint64_t r12 __asm__("r12") = (in)[6];                                               \
    register uint64_t r13 __asm__("r13") = (in)[7];                                               \
    register uint64_t r14 __asm__("r14") = (info_);                                               \
    register uint64_t r15 __asm__("r15") = (r15_);                                                \
    uint64_t rax = (nr), rdi = (rdi_), rsi = (in)[0], rdx = (in)[1], rbx = (in)[5];               \
    __asm__ volatile("syscall"                                                                    \
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), \
                       "+b"(rbx), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)                      \
                     :                                                                            \
                     : "rcx", "r11", "memory");                                                   \
    (out)[0] = rsi, (out)[1] = rdx, (out)[2] = r10, (out)[3] = r8, (out)[4] = r9,                 \
    (out)[5] = rbx, (out)[6] = r12, (out)[7] = r13

/*
 * Calls the other end of `channel` and waits for the reply, which replaces `m`.
 * `ext` may be NULL. Needs JG_RIGHT_CALL.
 * Returns JG_OK (then m->info's label is the interface's error), PEER_CLOSED, BAD_STATE (the other end
 * is not bound to a port), INTERRUPTED (kicked), BAD_ADDRESS, or a handle error.
 * Source: seL4_Call, zx_channel_call.
 */
static inline jg_status_t jg_channel_call(jg_handle_t channel, struct jg_message *m,
                                          struct jg_call_ext *ext)
{
    uint64_t info = m->info | (ext ? JG_CALL_EXTENDED : 0);

    JG_CALL_ASM(JG_SYS_channel_call, channel, info, (uint64_t)(uintptr_t)ext, m->word, m->word);
    m->info = r14;
    return (jg_status_t)rax;
}

/*
 * Answers `token` (or none: JG_TOKEN_NONE) with `reply`, then parks on `port` until something arrives
 * in `r`. With JG_REPLY_POLL in reply->info it does not park. Needs JG_RIGHT_WAIT.
 * A caller that is gone does not keep the worker from parking: JG_INFO_REPLY_LOST in r->info tells.
 * Returns JG_OK; BAD_TOKEN (nothing was received), WOULD_BLOCK (with POLL; the reply was delivered),
 * INTERRUPTED (kicked while parked; the reply was delivered), or a handle error (no reply was made).
 * Source: seL4_ReplyRecv.
 */
static inline jg_status_t jg_reply_wait(jg_handle_t port, jg_token_t token,
                                        const struct jg_message *reply, struct jg_received *r)
{
    JG_CALL_ASM(JG_SYS_reply_wait, port, reply->info, token, reply->word, r->word);
    r->key = rdi;
    r->token = r15;
    r->info = r14;
    return (jg_status_t)rax;
}

/*
 * As jg_reply_wait(), for who answers mostly traps: `info` and one word are all of the reply (the others are what
 * they are), and nothing goes through memory that the caller does not keep there.
 */
static inline jg_status_t jg_result_wait(jg_handle_t port, jg_token_t token, uint64_t info,
                                         uint64_t result, struct jg_received *r)
{
    register uint64_t r10 __asm__("r10");
    register uint64_t r8 __asm__("r8");
    register uint64_t r9 __asm__("r9");
    register uint64_t r12 __asm__("r12");
    register uint64_t r13 __asm__("r13");
    register uint64_t r14 __asm__("r14") = info;
    register uint64_t r15 __asm__("r15") = token;
    uint64_t rax = JG_SYS_reply_wait, rdi = port, rsi = result, rdx, rbx;

    __asm__ volatile("syscall"
                     : "+a"(rax), "+D"(rdi), "+S"(rsi), "=d"(rdx), "=r"(r10), "=r"(r8), "=r"(r9),
                       "=b"(rbx), "=r"(r12), "=r"(r13), "+r"(r14), "+r"(r15)
                     :
                     : "rcx", "r11", "memory");
    *r = (struct jg_received){rdi, r15, r14, {rsi, rdx, r10, r8, r9, rbx, r12, r13}};
    return (jg_status_t)rax;
}

/* Answers `token` and goes on. Returns JG_OK, CALLER_GONE or BAD_TOKEN. */
static inline jg_status_t jg_reply(jg_token_t token, const struct jg_message *reply)
{
    uint64_t lost[JG_CALL_WORDS];

    JG_CALL_ASM(JG_SYS_reply, 0, reply->info, token, reply->word, lost);
    (void)rdi, (void)r14, (void)r15, (void)lost;
    return (jg_status_t)rax;
}

static inline int64_t jg_syscall6(unsigned nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                  uint64_t e, uint64_t f)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    uint64_t rax = nr;

    __asm__ volatile("syscall"
                     : "+a"(rax)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return (int64_t)rax;
}
