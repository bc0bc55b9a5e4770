/*
 * Levels: a program asks to be put under other personalities, and its children with it.
 */
#pragma once

#include <ipc/personality_server.h>

struct task;
struct process;
struct proc_node;
struct text;

/* What a process runs under: the levels that one request pushed, above those of an earlier one. Inherited. */
struct stack;

/* Takes and gives back a reference; NULL is none. The last one frees it. Any context. */
struct stack *stack_get(struct stack *stack);
void stack_put(struct stack *stack);

/* /proc/personalities. What is written is a SPEC (docs/personalities.md) for the writer. */
int64_t proc_personalities(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_personalities_set(struct task *writer, struct proc_node at, char *spec, size_t size);

/* The level above `t`'s program is gone, and the trap that it had: the program ends. */
void levels_orphaned(struct task *t);

/* init's answers (libipc/idl/personality.idl). */
int32_t levels_next_request(struct personality_call *call, uint64_t *stack, char *spec,
                            size_t spec_size, size_t *spec_len);
int32_t levels_add(struct personality_call *call, uint64_t stack, jg_handle_t port);
int32_t levels_end_request(struct personality_call *call, uint64_t stack, const char *problem,
                           size_t problem_len);
int32_t levels_end_stack(struct personality_call *call, uint64_t stack);
int32_t levels_show(struct personality_call *call, struct jg_window text);
