/* Calls with windows and handles: the parts that touch user memory. Locks: the big lock. */
#pragma once

#include <object/thread.h>

/*
 * Reads the struct jg_call_ext of the current thread's call at `user` and takes the handles that it sends out of
 * the table. On an error they are closed. JG_OK, BAD_ADDRESS, INVALID_ARGS, BAD_HANDLE, ACCESS_DENIED.
 */
jg_status_t call_extra_read(struct thread *t, uint64_t user);

/*
 * As call_extra_read() for a call that has windows and no handles.
 * Returns false if it is another one, or a bad one; then nothing is done.
 */
bool call_windows_read(struct thread *t, uint64_t user);

/*
 * Finishes an answered call of the current thread: installs the handles that came with the reply and writes
 * what struct jg_call_ext says of them. Any failure becomes the call's status and closes the handles.
 */
void call_receive(struct thread *t);
