/* What exit.c offers to wait.c. */
#pragma once

#include <task.h>

/* Frees a process that is in no list any more. No lock is needed. */
void process_free(struct process *p);

/* The siginfo that tells a parent how a process ended. tasks_lock is held. */
void exit_siginfo(const struct process *p, siginfo_t *info);
