/*
 * The table's own operations, for the files of task/ that make and end tasks. tasks_lock is held.
 */
#pragma once

#include <task.h>

/* A number that no process, task, group or session has. -EAGAIN: none is left. */
int id_allocate(void);

/* This number, if nobody has it: it, or -EEXIST, or -EINVAL for one that nobody can have. */
int id_take(int id);

/* Puts a task into its process, and a new process (with its link initialised) into the table. */
void table_add(struct task *t);
void table_remove(struct task *t);
