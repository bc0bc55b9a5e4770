/*
 * Replies: the slow path.
 *
 * In:    reply_send() from jg_reply and jg_reply_wait.
 * Life:  a token is used up by exactly one of: a reply, a pass, the caller's end, the holder's end. After
 *        a reply the caller is ready; what must be done in its own memory waits for it as WORK_RECEIVE.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <object/call.h>
#include <object/sched.h>
#include <object/token.h>

static void finish_call(struct thread *caller, struct thread *replier, uint64_t info)
{
    arch_copy_words(&caller->arch, &replier->arch);
    arch_set_call_result(&caller->arch, JG_OK, JG_INFO_LABEL(info));
    if (caller->extended) {
        struct call_extra *extra = &caller->extra;

        for (unsigned i = 0; i < extra->sent_count; i++)
            handle_drop(&extra->sent[i]);
        extra->sent_count = 0;
        if (extra->room)
            caller->arch.work |= WORK_RECEIVE;
        else
            caller->extended = false;
    }
    sched_ready(caller);
}

void trap_result_up(struct thread *thread, unsigned level)
{
    for (; level < thread->level_count; level++) {
        if (!(thread->see_result & 1u << level))
            continue;
        thread->see_result &= (uint8_t) ~(1u << level);
        trap_send_to(thread, level, JG_TRAP_RESULT);
        return;
    }
    sched_ready(thread);
}

static void pass_down(struct thread *caller, struct thread *replier, uint64_t info)
{
    enum jg_trap reason = caller->reason;

    if (info & JG_REPLY_SEE_RESULT)
        caller->see_result |= (uint8_t)(1u << caller->level);
    if (reason == JG_TRAP_SYSCALL || reason == JG_TRAP_RESULT) {
        arch_apply_trap_words(&caller->arch, &replier->arch);
        reason = JG_TRAP_SYSCALL; /* passed for a result: one call more, in the thread's name */
    } else {
        for (unsigned i = 0; i < JG_CALL_WORDS; i++)
            caller->words[i] = arch_call_word(&replier->arch, i);
    }
    trap_send_to(caller, caller->level - 1u, reason);
}

/* What the levels that asked for the result are told. */
static void set_result_words(struct thread *caller, uint64_t result, bool resumed)
{
    for (unsigned i = 0; i < JG_CALL_WORDS; i++)
        caller->words[i] = 0;
    caller->words[0] = result;
    caller->words[1] = resumed;
    caller->words[6] = arch_syscall_number(&caller->arch);
}

static void finish_trap(struct thread *caller, struct thread *replier, uint64_t info)
{
    uint64_t word = arch_call_word(&replier->arch, 0);
    bool resume = info & (JG_REPLY_RESUME | JG_REPLY_PASS);

    switch ((enum jg_trap)caller->reason) {
    case JG_TRAP_BIRTH:
        if (!resume)
            caller->levels[caller->level].cookie = word;
        break;
    case JG_TRAP_RESULT:
        if (resume)
            break;
        caller->words[0] = word;
        if (!caller->words[1])
            arch_set_result(&caller->arch, (int64_t)word);
        break;
    case JG_TRAP_SYSCALL:
        if (!resume)
            arch_set_result(&caller->arch, (int64_t)word);
        set_result_words(caller, word, resume);
        break;
    default:
        set_result_words(caller, word, true);
    }
    trap_result_up(caller, caller->level + 1u);
}

WARM jg_status_t reply_send(struct thread *replier, jg_token_t token, uint64_t info)
{
    struct thread *caller;
    jg_status_t status = token_find(token, replier->process, &caller);
    bool pass;

    if (status != JG_OK)
        return status;
    pass = caller->kind == JG_KIND_TRAP && (info & JG_REPLY_PASS) &&
           caller->reason != JG_TRAP_BIRTH;
    if (pass && caller->level == 0)
        return JG_ERR_BAD_STATE;

    /* Point of no return. */
    sched_account(replier);
    token_use(caller, replier);
    if (caller->kind == JG_KIND_CALL)
        finish_call(caller, replier, info);
    else if (pass)
        pass_down(caller, replier, info);
    else
        finish_trap(caller, replier, info);
    return JG_OK;
}
