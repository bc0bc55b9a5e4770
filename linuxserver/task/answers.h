/*
 * Calls that the kernel answers by itself: ids of the task and of its parent, and numbers past the table.
 *
 * Each living task has a table in the kernel (jg_thread_set_answers). Whoever changes one of these ids tells the
 * kernel before anybody can see the change: under tasks_lock, or, for what only the task itself can ask
 * for, from its own trap before it is answered. A task without a table (there was no memory) asks the server as for any other call, so
 * failures need no care.
 */
#pragma once

struct process;
struct task;

/* Gives a task, which has its ids and its parent, its table. tasks_lock is held. */
void answers_install(struct task *t);

/* The task's own ids or credentials have changed. Called from its own trap. */
void answers_own(struct task *t);

/* The process has another parent. tasks_lock is held. */
void answers_parent(struct process *p);

/*
 * The task asks for numbers that no Linux has: from now on the kernel says ENOSYS to those past the table.
 * Called from its own trap.
 */
void answers_beyond(struct task *t);

/* How many calls past the table the kernel answered for a task that ends. */
unsigned long answers_beyond_count(const struct task *t);
