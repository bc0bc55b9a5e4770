/*
 * The scheduler: fixed priority bands; in a band by rank, then round robin by each thread's own turn; direct
 * switches around it.
 *
 * A call runs its receiver at once and a reply its caller (sched_switch); only a thread that waits for
 * neither passes through the ready queues. The slice is the caller's and is lent along; that it ended, or that
 * somebody of a rank is ready, is remembered in `slice_over` and honoured at the reply.
 *
 * Ranks are strict, so those above 0 have a budget in each second while others of their band are ready: a program
 * that never waits keeps nobody out for ever.
 *
 * Locks: the big lock.
 */
#pragma once

#include <arch/cpu.h>
#include <object/thread.h>

#define SCHED_BANDS    3u
#define SCHED_PROGRAMS 0u /* the band of programs */
#define SCHED_RANKED_NS 950000000 /* of a second */
#define SCHED_DEBT_NS  20000000  /* the most that is held against a thread that ran too long */

struct sched {
    uint32_t ready_bands; /* bit n: ready[n] is not empty */
    bool slice_over;      /* the present slice has ended, or a rank is ready: a reply looks at the queues */
    bool turn_over;       /* the present slice has ended */
    bool idle;
    uint64_t stamp; /* arch_counter() at the last switch */
    uint64_t switches;
    struct list ready[SCHED_BANDS]; /* struct thread.packet.link */
    jg_time_t slice_end;
    jg_time_t second_end;   /* of the present budget of ranks */
    jg_time_t ranked_left;  /* of it */
    jg_time_t ranked_since; /* the current thread counts against it; 0: no */
    jg_time_t armed; /* what arch_timer_set was told last */
    uint64_t idle_ticks;
};

extern struct sched sched;

/* Prepares the queues. Called once. */
void sched_init(void);

/* Puts a thread that is in no queue at the back of its rank. */
void sched_ready(struct thread *thread);

/*
 * As sched_ready(), at the front of its rank: the current thread was preempted from above and keeps its place and what is left of
 * its slice, not a new one: else what wakes often above it would keep its equals out for ever.
 */
void sched_ready_first(struct thread *thread);

/* Takes a READY thread out of its queue. */
void sched_remove(struct thread *thread);

/* Changes rank and turn of a thread in any state. */
void sched_set_turn(struct thread *thread, uint8_t rank, jg_time_t turn);

/* How many threads of a band wait for a processor. */
uint64_t sched_count(unsigned band);

/* The current thread, which has got its new state and place already, leaves the processor. */
void sched_leave(struct thread *thread);

/* A deadline became the first one: the timer may have to come earlier. */
void sched_timer_changed(void);

/* Ticks of arch_counter() as nanoseconds. */
uint64_t sched_ticks_ns(uint64_t ticks);

/* Charges the present stretch of time to the thread that is current, as before reading its run_ticks. */
static inline void sched_account(struct thread *thread)
{
    uint64_t now = arch_counter();

    thread->run_ticks += now - sched.stamp;
    sched.stamp = now;
}

/* Runs `to` here and now instead of `from`, the current thread, which has its new state already. */
static inline void sched_switch(struct thread *from, struct thread *to)
{
    sched_account(from);
    sched.switches++;
    to->state = THREAD_RUNNING;
    cpu_set_current(to);
}

/* May a reply switch straight to `to`: nothing above its band is ready and the slice is not over? */
static inline bool sched_may_switch(const struct thread *to)
{
    return (sched.ready_bands >> to->priority) <= 1 && !sched.slice_over;
}

/* The first READY thread of a band, or NULL. */
static inline struct thread *sched_first(unsigned band)
{
    return list_empty(&sched.ready[band])
               ? NULL
               : container_of(sched.ready[band].next, struct thread, packet.link);
}
