/*
 * Ptys: pty_open(), pty_close(), and what masters do. See console.idl.
 */
#include "console.h"

static struct pty_slot *slot_of(struct console_call *call, uint32_t tty)
{
    struct console *c = call->context;

    return tty ? ptys_find(&c->ptys, call->key, tty - 1) : NULL;
}

int32_t op_pty_open(struct console_call *call, uint32_t *tty)
{
    struct console *c = call->context;
    uint32_t index = 0;
    int32_t error = ptys_open(&c->ptys, call->key, &index);

    *tty = error ? 0 : index + 1;
    return error;
}

int32_t op_pty_close(struct console_call *call, uint32_t tty)
{
    struct console *c = call->context;

    if (!slot_of(call, tty))
        return CONSOLE_ERROR_NO_SUCH;
    ptys_close(&c->ptys, tty - 1);
    return 0;
}

int32_t op_master_read(struct console_call *call, uint32_t tty, uint32_t count, struct jg_window data,
                       size_t *data_len)
{
    static uint8_t bytes[LDISC_OUT_SIZE + 1];
    struct pty_slot *slot = slot_of(call, tty);
    size_t room = data.size < count ? data.size : count;
    int32_t status;
    long n;

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    if (!room)
        return 0;
    n = pty_take(&slot->pty, bytes, room < sizeof bytes ? room : sizeof bytes);
    if (n == LDISC_WOULD_BLOCK) {
        slot->notes |= NOTE_MASTER_READ;
        return CONSOLE_ERROR_WOULD_BLOCK;
    }
    status = jg_window_write(&data, 0, bytes, (size_t)n);
    *data_len = status == JG_OK ? (size_t)n : 0;
    news_pty(call->context, tty - 1);
    return status;
}

int32_t op_master_write(struct console_call *call, uint32_t tty, struct jg_window data, uint32_t *count)
{
    uint8_t bytes[512];
    struct pty_slot *slot = slot_of(call, tty);
    size_t done = 0, n, taken;
    int32_t status = JG_OK;

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    if (data.size == 0)
        return 0;
    do {
        n = data.size - done < sizeof bytes ? data.size - done : sizeof bytes;
        status = jg_window_read(&data, done, bytes, n);
        if (status != JG_OK)
            break;
        taken = pty_type(&slot->pty, bytes, n);
        done += taken;
    } while (taken == n && done < data.size);
    *count = (uint32_t)done;
    news_pty(call->context, tty - 1);
    if (done)
        return 0;
    if (status != JG_OK)
        return status;
    slot->notes |= NOTE_MASTER_WRITE;
    return CONSOLE_ERROR_WOULD_BLOCK;
}

int32_t op_master_ready(struct console_call *call, uint32_t tty, uint32_t *state, uint32_t *readable)
{
    struct pty_slot *slot = slot_of(call, tty);

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    slot->notes |= NOTE_MASTER_READ | NOTE_MASTER_WRITE;
    if (pty_has_output(&slot->pty))
        *state |= CONSOLE_READY_READABLE;
    if (pty_has_status(&slot->pty))
        *state |= CONSOLE_READY_PRIORITY;
    if (pty_type_room(&slot->pty))
        *state |= CONSOLE_READY_WRITABLE;
    *readable = (uint32_t)ldisc_pending(&slot->terminal.discipline);
    return 0;
}

int32_t op_master_flush(struct console_call *call, uint32_t tty, uint32_t what)
{
    struct pty_slot *slot = slot_of(call, tty);

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    if (what != CONSOLE_QUEUE_OUTPUT)
        pty_flush_written(&slot->pty);
    if (what != CONSOLE_QUEUE_INPUT)
        pty_flush_typed(&slot->pty);
    news_pty(call->context, tty - 1);
    return 0;
}

int32_t op_master_stop(struct console_call *call, uint32_t tty, uint32_t stopped)
{
    struct pty_slot *slot = slot_of(call, tty);

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    if (stopped > 1)
        return CONSOLE_ERROR_INVAL;
    slot->pty.stopped = stopped;
    news_pty(call->context, tty - 1);
    return 0;
}

int32_t op_master_packet(struct console_call *call, uint32_t tty, uint32_t on)
{
    struct pty_slot *slot = slot_of(call, tty);

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    if (on > 1)
        return CONSOLE_ERROR_INVAL;
    pty_set_packet(&slot->pty, on);
    return 0;
}

int32_t op_changed(struct console_call *call, struct console_pty_set *ptys)
{
    struct console *c = call->context;

    _Static_assert(sizeof ptys->bits == sizeof c->ptys.changed, "PTYS_MAX bits");
    ptys_take_changed(&c->ptys, call->key, ptys->bits);
    return 0;
}
