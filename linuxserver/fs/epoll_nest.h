/*
 * What the epoll files share: instances and watches.
 *
 * Locks: epoll_lock guards which watches exist; inside it an instance's own mutex, which guards its
 * watches' wishes and is held while files are asked (an inner instance's inside an outer one's); inside
 * that the waiting primitive's; inside that ready_lock, for all ready lists.
 */
#pragma once

#include <linux/eventpoll.h>

#include <file.h>

#define EPOLL_HASH    64u
#define EPOLL_WAITERS 3u /* queues that one file may register with */
#define EPOLL_NESTS   4  /* as in Linux: an instance may watch one that watches one ... */

struct epoll {
    struct file *file;
    struct mutex lock;
    struct list ready;       /* watch.ready */
    struct waitqueue wait;   /* epoll_wait */
    struct waitqueue polled; /* those who watch or poll this instance */
    struct list watches[EPOLL_HASH];
    unsigned scans;          /* who holds what is ready for a moment; under ready_lock */
    uint64_t told;           /* the last wake that was passed on, by number, ... */
    bool told_somebody;      /* ... and whether somebody waited; under the waiting primitive's mutex */
    struct watcher *owner;   /* who made it */
    uint64_t seen_down, seen_up, seen_ways, seen_files; /* by which check of nesting; then what it found */
    int below, above;
    uint32_t ways[EPOLL_NESTS + 1];
};

struct watch {
    struct list link;  /* in the instance's hash */
    struct list other; /* in file->watches */
    struct list ready; /* in the instance's ready list, or in none; under ready_lock */
    struct epoll *epoll;
    struct file *file; /* not counted: its end removes the watch */
    int fd;
    struct epoll_event event;
    struct waiter waiters[EPOLL_WAITERS];
    unsigned used;      /* of the waiters */
    uint64_t seen_file; /* by which check, if it is the first of its file's watches */
};

extern struct mutex epoll_lock;

/* The instance behind a file, or NULL when it is none. */
struct epoll *epoll_of(const struct file *f);

/*
 * May `outer` watch `target`: no circle, and no more than EPOLL_NESTS instances below another?
 * epoll_lock is held. Returns 0 or -ELOOP.
 */
int64_t epoll_check_nesting(struct epoll *outer, struct file *target);

/*
 * Do too many ways lead from a file to instances that nobody watches, now that `outer` watches `target`? Then a
 * wake would cost too much. epoll_lock is held.
 */
bool epoll_too_many_ways(struct epoll *outer, struct file *target);

/*
 * One that makes instances: how many watches they have is counted together. The first with a user's id makes it,
 * the last put frees it. epoll_lock is held. NULL: no memory.
 */
struct watcher *watcher_get(uint32_t uid);
void watcher_put(struct watcher *watcher);

/* One watch more, if he may have one; one less. epoll_lock is held. */
bool watcher_charge(struct watcher *watcher);
void watcher_uncharge(struct watcher *watcher);
