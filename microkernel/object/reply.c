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
        for (unsigned i = 0; i < JG_CALL_WORDS; i++)
            thread->words[i] = 0;
        thread->words[0] = (uint64_t)arch_result(&thread->arch);
        thread->words[6] = arch_syscall_number(&thread->arch);
        trap_send_to(thread, level, JG_TRAP_RESULT);
        return;
    }
    sched_ready(thread);
}

static bool can_pass(const struct thread *caller)
{
    return caller->reason != JG_TRAP_RESULT && caller->reason != JG_TRAP_BIRTH;
}

static void pass_down(struct thread *caller, struct thread *replier, uint64_t info)
{
    if (caller->reason == JG_TRAP_SYSCALL) {
        arch_apply_trap_words(&caller->arch, &replier->arch);
        if (info & JG_REPLY_SEE_RESULT)
            caller->see_result |= (uint8_t)(1u << caller->level);
    } else {
        for (unsigned i = 0; i < JG_CALL_WORDS; i++)
            caller->words[i] = arch_call_word(&replier->arch, i);
    }
    trap_send_to(caller, caller->level - 1u, caller->reason);
}

static void finish_trap(struct thread *caller, struct thread *replier, uint64_t info)
{
    bool has_result = caller->reason == JG_TRAP_SYSCALL || caller->reason == JG_TRAP_RESULT;

    if (has_result && !(info & (JG_REPLY_RESUME | JG_REPLY_PASS)))
        arch_set_result(&caller->arch, (int64_t)arch_call_word(&replier->arch, 0));
    trap_result_up(caller, has_result ? caller->level + 1u : JG_LEVELS_MAX);
}

jg_status_t reply_send(struct thread *replier, jg_token_t token, uint64_t info)
{
    struct thread *caller;
    jg_status_t status = token_find(token, replier->process, &caller);
    bool pass;

    if (status != JG_OK)
        return status;
    pass = caller->kind == JG_KIND_TRAP && (info & JG_REPLY_PASS) && can_pass(caller);
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
