/*
 * Calls on ports and channels.
 *
 * In:    the dispatch table; channel_call and reply_wait only when their fast paths declined.
 * Locks: the big lock.
 */
#include <object/call.h>
#include <object/channel.h>
#include <object/port.h>
#include <object/sched.h>
#include <syscall/message.h>
#include <syscall/syscall.h>

SYSCALL(port_create)
{
    struct port *port;
    jg_status_t status = port_create(job_of_thread(t), &port);

    if (status != JG_OK)
        return status;
    return new_handle(t, &port->object, RIGHTS_COMMON | JG_RIGHT_WAIT);
}

SYSCALL(channel_create)
{
    struct channel *end[2];
    int64_t h[2];
    jg_handle_t out[2];
    jg_status_t status = channel_create(job_of_thread(t), end);

    if (status != JG_OK)
        return status;
    h[0] = new_handle(t, &end[0]->object, RIGHTS_COMMON | JG_RIGHT_CALL);
    h[1] = new_handle(t, &end[1]->object, RIGHTS_COMMON | JG_RIGHT_WAIT);
    status = h[0] < 0 ? (jg_status_t)h[0] : h[1] < 0 ? (jg_status_t)h[1] : JG_OK;
    out[0] = (jg_handle_t)h[0];
    out[1] = (jg_handle_t)h[1];
    if (status == JG_OK && !copy_to_user(a, out, sizeof(out)))
        status = JG_ERR_BAD_ADDRESS;
    if (status != JG_OK) {
        for (unsigned i = 0; i < 2; i++)
            if (h[i] > 0)
                handle_close(&t->process->handles, (jg_handle_t)h[i]);
    }
    return status;
}

SYSCALL(channel_bind)
{
    struct object *end, *port;
    jg_status_t status = get(t, a, JG_TYPE_CHANNEL, JG_RIGHT_WAIT, &end);

    if (status == JG_OK)
        status = get(t, b, JG_TYPE_PORT, JG_RIGHT_WAIT, &port);
    if (status != JG_OK)
        return status;
    return channel_bind(channel_of(end), port_of(port), c);
}

SYSCALL(channel_call)
{
    struct object *end;
    jg_status_t status = JG_OK;

    t->extended = false;
    if (arch_call_info(&t->arch) & JG_CALL_EXTENDED)
        status = call_extra_read(t, arch_call_ext(&t->arch));
    if (status == JG_OK)
        status = get(t, arch_call_handle(&t->arch), JG_TYPE_CHANNEL, JG_RIGHT_CALL, &end);
    if (status == JG_OK && t->kicked) {
        t->kicked = false;
        status = JG_ERR_INTERRUPTED;
    }
    if (status == JG_OK)
        status = call_send(t, channel_of(end));
    if (status != JG_OK)
        call_extra_drop(t);
    return status;
}

/* Receives what is there, or parks. `lost` is JG_INFO_REPLY_LOST or 0. */
static int64_t receive(struct thread *t, struct port *port, uint64_t lost, bool poll)
{
    t->reply_lost = lost;
    if (port_deliver_next(port, t))
        return JG_OK;
    if (poll) {
        t->reply_lost = 0;
        return JG_ERR_WOULD_BLOCK;
    }
    if (t->kicked) {
        t->kicked = false;
        t->reply_lost = 0;
        return JG_ERR_INTERRUPTED;
    }
    sched_leave(t);
    port_park(port, t);
    return JG_OK;
}

WARM SYSCALL(reply_wait)
{
    uint64_t info = arch_call_info(&t->arch);
    jg_token_t token = arch_call_ext(&t->arch);
    struct object *port;
    jg_status_t status = get(t, arch_call_handle(&t->arch), JG_TYPE_PORT, JG_RIGHT_WAIT, &port);
    uint64_t lost = 0;

    if (status != JG_OK)
        return status;
    if (token != JG_TOKEN_NONE) {
        status = reply_send(t, token, info);
        if (status == JG_ERR_CALLER_GONE)
            lost = JG_INFO_REPLY_LOST;
        else if (status != JG_OK)
            return status;
    }
    return receive(t, port_of(port), lost, info & JG_REPLY_POLL);
}

SYSCALL(reply)
{
    return reply_send(t, arch_call_ext(&t->arch), arch_call_info(&t->arch));
}
