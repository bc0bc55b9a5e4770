/*
 * The table of ptys: whose each is, and who is to be told of what.
 *
 * In:    the ops of ops_pty.c and ops_tty.c.
 * Life:  a pty is its session's own, from ptys_open() to ptys_close() or the session's end.
 */
#pragma once

#include "pty.h"
#include "session.h"
#include "terminal.h"

#define PTYS_MAX CONSOLE_PTYS_MAX

/* What the session wants to hear of; each is told once. */
enum pty_note {
    NOTE_READ = 1, /* the slave's reader */
    NOTE_WRITE = 2,
    NOTE_MASTER_READ = 4,
    NOTE_MASTER_WRITE = 8,
};

struct pty_slot {
    struct terminal terminal;
    struct pty pty;
    uint64_t session;
    uint32_t notes; /* enum pty_note */
};

struct ptys {
    struct pty_slot *slot[PTYS_MAX];
    uint64_t changed[PTYS_MAX / 64]; /* bitmap: not yet fetched */
};

/* Makes one, with the lowest free index. Returns 0, NO_SPACE or NO_MEMORY of the interface. */
int32_t ptys_open(struct ptys *p, uint64_t session, uint32_t *index);

/* The session's pty with this index, or NULL. */
struct pty_slot *ptys_find(struct ptys *p, uint64_t session, uint32_t index);

/* Frees it. */
void ptys_close(struct ptys *p, uint32_t index);

/* Frees all that are the session's. */
void ptys_close_all(struct ptys *p, uint64_t session);

/*
 * Something was done to it: notes what its session wants to hear, signals always. Returns whether the
 * session's event must be raised.
 */
bool ptys_news(struct ptys *p, uint32_t index);

/* Takes the bitmap of what has changed for a session. */
void ptys_take_changed(struct ptys *p, uint64_t session, uint64_t bits[PTYS_MAX / 64]);
