/*
 * The kernel's log on its way to the host. See klog.h.
 */
#include "klog.h"

bool klog_send(struct klog *k, struct serial *s)
{
    struct pipe_out *out = &s->stream[SERIAL_LOG].out;
    bool some = false;
    uint32_t room;
    uint8_t *at;

    if (!k->log || serial_state(s, SERIAL_LOG) != SERIAL_OPEN)
        return false;
    while ((room = pipe_out_room(out, &at)) != 0) {
        int64_t n = jg_log_read(k->log, &k->cursor, (char *)at, room);

        if (n <= 0)
            break;
        pipe_out_done(out, (uint32_t)n);
        some = true;
    }
    if (some)
        pipe_out_send(out);
    return some;
}
