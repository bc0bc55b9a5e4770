/* Small copies between a server and the thread it works for: within one page of the other side. Locks: the big lock. */
#pragma once

#include <object/thread.h>

struct aspace;

/*
 * Moves `length` bytes between `va` in `as`, all in one page, and the current thread's own memory at `buffer`; with `string`
 * (and `read`) at most that many, up to the first zero byte, which must be in the page. Each byte is read once.
 * Returns the bytes moved; -1 if that page is not there, or anything else is not as it mostly is: then the caller
 * must do it the long way, from the beginning.
 */
int64_t copy_within_page(struct thread *t, struct aspace *as, uint64_t va, uint64_t buffer,
                         uint64_t length, bool read, bool string);

/* The address space behind a handle that allows reading and writing it; NULL: find out the long way. */
struct aspace *space_of(struct thread *t, uint64_t h);

/* jg_vmo_transfer of the current thread, if it is an ordinary one. Returns as copy_fast(). */
bool transfer_fast(struct thread *t);

/* jg_aspace_copy of the current thread, if it is a small one. Returns whether it was done, with its result set. */
bool copy_fast(struct thread *t);

/* As copy_fast(), for jg_call_read (`in`) and jg_call_write by the thread that was given the call. */
bool window_fast(struct thread *t, bool in);
