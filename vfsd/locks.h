/*
 * Advisory locks of all sessions: flock(2), and fcntl(2)'s of processes and of descriptions.
 *
 * They are here so that two servers of programs agree. Nobody waits in vfsd: a request that may wait leaves a
 * *wait* under a ticket of its session's choice. Whatever frees a range grants the waits that it can, oldest
 * first, and so nobody who comes later gets in between; the session hears event LOCKS and asks.
 *
 * Life:  a file has a record here while it has locks or waits, by number and not by pointer: what a session
 *        forgets to release goes with the session.
 * Locks: none; see server.c.
 */
#pragma once

#include "lock_range.h"

#include <jg/types.h>

struct vfs_lock;

/* Which file: device and number; or, with a client, what that client alone knows. */
struct lock_key {
    const struct lock_client *client;
    uint64_t device, number;
};

/* A new session: nothing is held. */
void lock_client_init(struct lock_client *client);

/* The end of a session: its locks and waits go, and others may be granted. */
void locks_end(struct lock_client *client);

/*
 * lock(): sets, converts or (NONE) unlocks. Ticket 0 does not wait: AGAIN. With another one WOULD_BLOCK, and the
 * outcome is told by locks_wait(); DEADLK when the wait would close a circle of processes; NOLCK.
 */
int32_t locks_set(struct lock_client *client, const struct lock_key *key,
                  const struct vfs_lock *want, uint64_t ticket);

/*
 * lock_wait(): 0 (granted), DEADLK, or WOULD_BLOCK and, with `cancel`, AGAIN: nothing waits any more. INVAL: there is
 * no such ticket.
 */
int32_t locks_wait(struct lock_client *client, uint64_t ticket, bool cancel);

/* lock_test(): what is in the way, or type NONE. Who belongs to another client has pid 0. */
void locks_test(struct lock_client *client, const struct lock_key *key, const struct vfs_lock *want,
                struct vfs_lock *found);

/* lock_release(): all that an owner holds of a file. */
void locks_release(struct lock_client *client, const struct lock_key *key, uint64_t owner,
                   uint32_t kind);

/*
 * locks(), into `size` bytes at `buffer`; cut at a line. Returns the number of bytes. The second form tells of one file
 * and two owners.
 */
size_t locks_text(const struct lock_client *client, char *buffer, size_t size);
size_t locks_text_of(const struct lock_client *client, const struct lock_key *key,
                     const uint64_t owner[2], char *buffer, size_t size);
