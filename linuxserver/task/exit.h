/* What exit.c offers to wait.c. */
#pragma once

#include <task.h>

/* Takes a zombie out of the table and from its parent. tasks_lock is held; process_free() follows. */
void process_unlink(struct process *p);

/*
 * Frees what a process has that is in no list any more; the memory itself goes with its last pidfd.
 * No lock is needed.
 */
void process_free(struct process *p);

/* Lets go of one reference. No lock is needed. */
void process_put(struct process *p);

/* The siginfo that tells a parent how a process ended. tasks_lock is held. */
void exit_siginfo(const struct process *p, siginfo_t *info);
