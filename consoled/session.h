/*
 * Who talks to us, and what each wants to be told.
 *
 * In:    session_open(), session_wait() where an answer is WOULD_BLOCK, sessions_raise() where it would now be
 *        another one.
 * Life:  0 is init's and stays; others begin with open_session and end with the last handle of their client.
 *
 * A session is told once for each time it asked: a wait ends when its event is raised.
 */
#pragma once

#include <jg/types.h>

#define SESSIONS 16u
#define SESSION_INIT 0u /* its key, and its index */

enum wait {
    WAIT_READ,  /* for something to read */
    WAIT_WRITE, /* for room */
    WAIT_SENT,  /* for output to be gone */
    WAITS,
};

struct session {
    bool used;
    jg_handle_t end, changed;
    uint64_t waits[WAITS]; /* event bits */
};

struct sessions {
    jg_handle_t port;
    struct session session[SESSIONS];
};

/*
 * Makes session 0 of init's channel end, which it binds, and event (or JG_HANDLE_NONE).
 * Returns what binding returns.
 */
jg_status_t sessions_init(struct sessions *s, jg_handle_t port, jg_handle_t end, jg_handle_t changed);

/*
 * Makes another session; owns both handles from now on, also when it fails.
 * Returns JG_OK, JG_ERR_QUOTA (too many), or what binding returns.
 */
jg_status_t session_open(struct sessions *s, jg_handle_t end, jg_handle_t changed);

/* The client of the session with this key is gone. */
void session_close(struct sessions *s, uint64_t key);

/* The session asks to be told of these bits. */
void session_wait(struct sessions *s, uint64_t key, enum wait what, uint64_t bits);

/* Does anybody wait for one of these bits? */
bool sessions_waiting(const struct sessions *s, enum wait what, uint64_t bits);

/* Tells those who wait. */
void sessions_raise(struct sessions *s, enum wait what, uint64_t bits);

/* Tells one. */
void session_tell(struct sessions *s, uint64_t key, uint64_t bits);

/* Tells everybody but init, asked or not: signals. */
void sessions_tell(struct sessions *s, uint64_t bits);
