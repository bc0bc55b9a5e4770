/*
 * The table of ptys. See ptys.h.
 */
#include "ptys.h"

#include <jg/rt/heap.h>

int32_t ptys_open(struct ptys *p, uint64_t session, uint32_t *index)
{
    struct pty_slot *slot;
    uint32_t i = 0;

    while (i < PTYS_MAX && p->slot[i])
        i++;
    if (i == PTYS_MAX)
        return CONSOLE_ERROR_NO_SPACE;
    slot = rt_zalloc(sizeof *slot);
    if (!slot)
        return CONSOLE_ERROR_NO_MEMORY;
    pty_init(&slot->pty, &slot->terminal.discipline);
    slot->session = session;
    p->slot[i] = slot;
    p->changed[i / 64] &= ~(1ull << (i % 64));
    *index = i;
    return 0;
}

struct pty_slot *ptys_find(struct ptys *p, uint64_t session, uint32_t index)
{
    struct pty_slot *slot = index < PTYS_MAX ? p->slot[index] : NULL;

    return slot && slot->session == session ? slot : NULL;
}

void ptys_close(struct ptys *p, uint32_t index)
{
    rt_free(p->slot[index]);
    p->slot[index] = NULL;
}

void ptys_close_all(struct ptys *p, uint64_t session)
{
    for (uint32_t i = 0; i < PTYS_MAX; i++) {
        if (p->slot[i] && p->slot[i]->session == session)
            ptys_close(p, i);
    }
}

bool ptys_news(struct ptys *p, uint32_t index)
{
    struct pty_slot *slot = p->slot[index];
    const struct ldisc *ld = &slot->terminal.discipline;
    uint32_t now = 0;
    bool tell = terminal_collect_signals(&slot->terminal);

    if (ldisc_readable(ld) || ldisc_available(ld))
        now |= NOTE_READ;
    if (ldisc_pending(ld) <= LDISC_OUT_LOW && ldisc_write_room(ld))
        now |= NOTE_WRITE;
    if (pty_has_output(&slot->pty))
        now |= NOTE_MASTER_READ;
    if (pty_type_room(&slot->pty) >= PTY_HELD / 2)
        now |= NOTE_MASTER_WRITE;
    tell |= (slot->notes & now) != 0;
    slot->notes &= ~now;
    if (tell)
        p->changed[index / 64] |= 1ull << (index % 64);
    return tell;
}

void ptys_take_changed(struct ptys *p, uint64_t session, uint64_t bits[PTYS_MAX / 64])
{
    for (uint32_t i = 0; i < PTYS_MAX; i++) {
        uint64_t bit = 1ull << (i % 64);

        if (i % 64 == 0)
            bits[i / 64] = 0;
        if ((p->changed[i / 64] & bit) && ptys_find(p, session, i)) {
            bits[i / 64] |= bit;
            p->changed[i / 64] &= ~bit;
        }
    }
}
