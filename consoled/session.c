/*
 * Who talks to us, and what each wants to be told. See session.h.
 */
#include "session.h"

#include <jg/stubs.h>

jg_status_t sessions_init(struct sessions *s, jg_handle_t port, jg_handle_t end, jg_handle_t changed)
{
    *s = (struct sessions){ .port = port };
    s->session[SESSION_INIT] = (struct session){ .used = true, .end = end, .changed = changed };
    return (jg_status_t)jg_channel_bind(end, port, SESSION_INIT);
}

jg_status_t session_open(struct sessions *s, jg_handle_t end, jg_handle_t changed)
{
    jg_status_t status = JG_ERR_QUOTA;

    for (unsigned i = 1; i < SESSIONS; i++) {
        if (s->session[i].used)
            continue;
        status = (jg_status_t)jg_channel_bind(end, s->port, i);
        if (status != JG_OK)
            break;
        s->session[i] = (struct session){ .used = true, .end = end, .changed = changed };
        return JG_OK;
    }
    jg_handle_close(end);
    jg_handle_close(changed);
    return status;
}

void session_close(struct sessions *s, uint64_t key)
{
    if (key == SESSION_INIT || key >= SESSIONS || !s->session[key].used)
        return;
    jg_handle_close(s->session[key].end);
    jg_handle_close(s->session[key].changed);
    s->session[key].used = false;
}

void session_wait(struct sessions *s, uint64_t key, enum wait what, uint64_t bits)
{
    if (key < SESSIONS)
        s->session[key].waits[what] |= bits;
}

bool sessions_waiting(const struct sessions *s, enum wait what, uint64_t bits)
{
    for (unsigned i = 0; i < SESSIONS; i++) {
        if (s->session[i].used && (s->session[i].waits[what] & bits))
            return true;
    }
    return false;
}

void sessions_raise(struct sessions *s, enum wait what, uint64_t bits)
{
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct session *one = &s->session[i];
        uint64_t told = one->waits[what] & bits;

        if (!one->used || !told)
            continue;
        one->waits[what] &= ~told;
        if (one->changed)
            jg_event_raise(one->changed, told);
    }
}

void session_tell(struct sessions *s, uint64_t key, uint64_t bits)
{
    if (key < SESSIONS && s->session[key].used && s->session[key].changed)
        jg_event_raise(s->session[key].changed, bits);
}

void sessions_tell(struct sessions *s, uint64_t bits)
{
    for (unsigned i = 1; i < SESSIONS; i++) {
        if (s->session[i].used)
            jg_event_raise(s->session[i].changed, bits);
    }
}
