/*
 * Linux's names of calls, errors and signals, for what stands above Linux.
 */
#pragma once

#include <jg/types.h>

enum { CALLS_MAX = 512 }; /* past all numbers that have a name */

/*
 * A system call: its name, and a letter for each argument: trace/args.c tells them all. f is a descriptor, A one of a directory,
 * s a path, q a place for two descriptors, P a protection, G a signal.
 */
struct linux_call {
    const char *name, *args;
};

/* The call of a number; NULL: there is none. */
const struct linux_call *linux_call(uint64_t number);

/* The number of the call with that name; -1: there is none. */
int linux_call_number(const char *name);

/*
 * Is the call meant by `word`: its name, or a class of calls as strace has them (file, desc, memory, process,
 * signal)?
 */
bool linux_call_is(const struct linux_call *call, const char *word);

/* errno(3): name and text of a number (NULL: none), and the number of a name (0: none). */
const char *linux_errno_name(int error);
const char *linux_errno_text(int error);
int linux_errno(const char *name);

/* A signal's name as "SIGTERM" (NULL: none, or a real-time one), and the number of a name (0: none). */
const char *linux_signal_name(unsigned number);
unsigned linux_signal(const char *name);
