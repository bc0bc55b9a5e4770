/*
 * Intrusive doubly linked lists. A head is a node that points to itself when empty; so is a node that is
 * in no list, once list_init() or list_remove() has seen it.
 */
#pragma once

#include <core/compiler.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name) {&(name), &(name)}
#define list_entry(node, type, member) container_of(node, type, member)
#define list_for_each(node, head) \
    for (struct list *node = (head)->next; node != (head); node = node->next)
/* The body may remove `node`. */
#define list_for_each_safe(node, head)                                                   \
    for (struct list *node = (head)->next, *node##_next = node->next; node != (head);    \
         node = node##_next, node##_next = node->next)

/* Makes a head empty, or a node be in no list. */
static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

/* Whether a head is empty, or an initialised node is in no list. */
static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Inserts `node` right after `at` (the head: at the front). It must be in no list. */
static inline void list_add(struct list *at, struct list *node)
{
    node->next = at->next;
    node->prev = at;
    at->next->prev = node;
    at->next = node;
}

/* Inserts `node` right before `at` (the head: at the back). It must be in no list. */
static inline void list_add_tail(struct list *at, struct list *node)
{
    list_add(at->prev, node);
}

/* Removes a node and leaves it initialised; one that is in no list stays so. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Removes and returns the first node, or NULL. */
static inline struct list *list_pop(struct list *head)
{
    struct list *node = head->next;

    if (node == head)
        return NULL;
    list_remove(node);
    return node;
}
