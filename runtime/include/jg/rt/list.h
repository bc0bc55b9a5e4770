/*
 * Intrusive doubly linked lists.
 *
 * A list's head and its members are the same type; a member that is in no list points to itself, so
 * that removing it again is harmless. No locking here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name) {&(name), &(name)}

/* The structure that holds `member` at `link`. */
#define LIST_ENTRY(link, type, member) ((type *)((char *)(link) - offsetof(type, member)))

/* Visits each member; the body must not remove `it`. */
#define LIST_FOR_EACH(it, head)                                                                    \
    for (struct list *it = (head)->next; it != (head); it = it->next)

/* Visits each member; the body may remove `it`, but no other. */
#define LIST_FOR_EACH_SAFE(it, head)                                                               \
    for (struct list *it = (head)->next, *it##_next = it->next; it != (head);                      \
         it = it##_next, it##_next = it->next)

/* Makes an empty list, or a member of none. */
static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

/* Tells whether a list has no members, or a member is in no list. */
static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Inserts `link`, which is in no list, before `at`. */
static inline void list_insert_before(struct list *at, struct list *link)
{
    link->next = at;
    link->prev = at->prev;
    at->prev->next = link;
    at->prev = link;
}

/* Inserts `link`, which is in no list, as the last member. */
static inline void list_add_tail(struct list *head, struct list *link)
{
    list_insert_before(head, link);
}

/* Inserts `link`, which is in no list, as the first member. */
static inline void list_add_head(struct list *head, struct list *link)
{
    list_insert_before(head->next, link);
}

/* Takes `link` out of its list, if it is in one. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Takes the first member out. Returns NULL when the list is empty. */
static inline struct list *list_pop(struct list *head)
{
    struct list *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

/* Moves all members of `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}
