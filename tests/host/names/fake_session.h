/*
 * A session of vfsd's behind the stubs: a call goes straight to the methods, through the real dispatcher.
 */
#pragma once

#include <session.h>

/* The session that channel 1 leads to. */
extern struct session *fake_session;

/* How many calls came since it was set to 0. */
extern unsigned fake_calls;

/*
 * Called, once each time it is set, at the next moment at which another session's change could fall in the middle
 * of what the client does: after vfsd has answered, or when pages were looked at.
 */
extern void (*fake_between)(void);
