/*
 * Calls, traps and replies: what travels in registers, and the words that describe it.
 *
 * One call has an `info` word and 8 words. On x86-64 (arch/x86_64/call.h) all of them are registers.
 */
#pragma once

#include <jg/types.h>

/*
 * `info` of a call or of a reply, as its sender writes it: the low 32 bits are the label (of a call,
 * the method; of a reply, 0 or the interface's error), then flags.
 */
#define JG_INFO_LABEL(info) ((uint32_t)(info))
#define JG_CALL_EXTENDED (1ull << 32)   /* channel call: `ext` points to a struct jg_call_ext */
#define JG_CALL_EXT_HANDLES (1ull << 33) /* set by the kernel on delivery: handles came with it */

/* Reply flags. For a trap, without any of them: the result is word 0. */
#define JG_REPLY_RESUME (1ull << 34)     /* trap: registers as they stand (after write_state, fault retry) */
#define JG_REPLY_PASS (1ull << 35)       /* trap: hand it to the level below; words replace its arguments */
#define JG_REPLY_SEE_RESULT (1ull << 36) /* with PASS: come back with JG_TRAP_RESULT before it goes on */
#define JG_REPLY_POLL (1ull << 37)       /* jg_reply_wait: do not park, return WOULD_BLOCK */
#define JG_REPLY_YIELD (1ull << 38)      /* the caller goes behind its equals that are ready */

/* `info` as it is delivered to a receiver: label (method or trap reason), kind, flags. */
#define JG_INFO_KIND(info) ((unsigned)((info) >> 40) & 0xff)
#define JG_INFO_LAST_WORKER (1ull << 48) /* no other thread is parked on the port now */
#define JG_INFO_REPLY_LOST (1ull << 49)  /* the caller that jg_reply_wait answered was gone */

enum jg_kind {
    JG_KIND_CALL = 1,      /* a channel call: key of the bound end, token, label, words */
    JG_KIND_TRAP = 2,      /* a trap: key is the level's cookie, token, label is enum jg_trap */
    JG_KIND_EVENT = 3,     /* event: key; word 0: the bits raised since the last delivery */
    JG_KIND_CLOSED = 4,    /* the last handle of the bound end's peer is gone: key */
    JG_KIND_TIMER = 5,     /* timer: key */
    JG_KIND_INTERRUPT = 6, /* interrupt: key; masked until jg_interrupt_ack */
    JG_KIND_GONE = 7,      /* threads have ended of which an upper level was here: one or more */
};

enum jg_trap {
    JG_TRAP_SYSCALL = 1,   /* words 0..5: arguments; 6: number; 7: 0 syscall, 1 int 0x80 */
    JG_TRAP_FAULT = 2,     /* word 0: address; 1: JG_FAULT_*; 2: JG_ERR_* why; 3: PC; 4: stack pointer */
    JG_TRAP_EXCEPTION = 3, /* word 0: vector; 1: error code; 2: address; 3: PC */
    JG_TRAP_KICK = 4,      /* jg_thread_kick; no words */
    JG_TRAP_NO_MEMORY = 5, /* a fault that found no free page: words as for FAULT */
    /*
     * To a level that asked, when the levels below have answered. Word 0: the result (of a trap that is no
     * system call: word 0 of the answer); 1: not 0 if the registers were left as they stand (RESUME), so that the
     * result is in none of them; 6: the number. The answer's word 0 is the new result, or RESUME keeps it.
     * PASS makes one call more in the thread's name.
     */
    JG_TRAP_RESULT = 6,
    /*
     * To inherited upper levels, the highest first, before the first instruction; to one that was pushed on a
     * held thread, before the next. Word 0: the thread's koid. The
     * answer's word 0 is the thread's cookie at this level from now on; RESUME keeps the one it inherited.
     */
    JG_TRAP_BIRTH = 7,
    JG_TRAP_ORPHAN = 8,    /* the level above is gone, and the trap that it had with it; no words */
};

#define JG_FAULT_WRITE 1u
#define JG_FAULT_EXECUTE 2u
#define JG_FAULT_PRESENT 4u  /* the page was there; the protection forbade it */

/* A handle as it is sent: the kernel moves it, with rights reduced to these (or JG_RIGHTS_SAME). */
struct jg_handle_send {
    jg_handle_t handle;
    jg_rights_t rights;
};

/* A handle as it arrives: what the decoder checks before it uses it. */
struct jg_handle_received {
    jg_handle_t handle;
    jg_rights_t rights;
    uint32_t type; /* enum jg_object_type */
    uint32_t zero;
};

/*
 * What a call carries beyond registers. The windows stay readable (`in`) and writable (`out`) to the
 * receiver until it replies. Handles in `send` are gone from the caller once the call was delivered or
 * queued, whatever the reply is; if the call itself fails (status), the kernel has closed them.
 */
struct jg_call_ext {
    uint64_t in, in_size;       /* the receiver reads here */
    uint64_t out, out_size;     /* and writes here */
    uint32_t send_count;
    uint32_t received_count;    /* in: room; out: how many arrived */
    struct jg_handle_send send[JG_CALL_HANDLES];
    struct jg_handle_received received[JG_CALL_HANDLES]; /* written before the call returns */
};

/* A whole call or reply, as the inline primitives take it. */
struct jg_message {
    uint64_t info;
    uint64_t word[JG_CALL_WORDS];
};

/* What arrives at a port. */
struct jg_received {
    uint64_t key;
    jg_token_t token; /* CALL and TRAP: must be answered once */
    uint64_t info;
    uint64_t word[JG_CALL_WORDS];
};
