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

static size_t type(void *pty, const uint8_t *bytes, size_t n)
{
    return pty_type(pty, bytes, n);
}

int32_t op_master_write(struct console_call *call, uint32_t tty, struct jg_window data, uint32_t *count)
{
    struct pty_slot *slot = slot_of(call, tty);
    int64_t n;

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    if (data.size == 0)
        return 0;
    n = window_feed(&data, type, &slot->pty);
    news_pty(call->context, tty - 1);
    if (n < 0)
        return (int32_t)n;
    *count = (uint32_t)n;
    if (n == 0)
        slot->notes |= NOTE_MASTER_WRITE;
    return n ? 0 : CONSOLE_ERROR_WOULD_BLOCK;
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

int32_t op_master_stop(struct console_call *call, uint32_t tty, bool stopped)
{
    struct pty_slot *slot = slot_of(call, tty);

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
    slot->pty.stopped = stopped;
    news_pty(call->context, tty - 1);
    return 0;
}

int32_t op_master_packet(struct console_call *call, uint32_t tty, bool on)
{
    struct pty_slot *slot = slot_of(call, tty);

    if (!slot)
        return CONSOLE_ERROR_NO_SUCH;
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
