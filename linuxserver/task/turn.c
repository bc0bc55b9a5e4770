/*
 * How the processor is shared: what the kernel is told of a task's policy, priority and niceness.
 *
 * Tasks of SCHED_FIFO and SCHED_RR have their priority as rank: they run before all others. The rest take turns,
 * and a turn is longer or shorter by a quarter for each step of niceness, as the weights of Linux's fair class are,
 * but for the ends: a turn is never so long that the others stand still.
 */
#include <task.h>

#define RR_TURN_NS 100000000
#define LONGEST_NS 100000000
#define NICE_MIN   (-20)

/* In microseconds, from niceness -20 on. */
static const uint32_t turns[] = {
    867400, 693900, 555100, 444100, 355300, 284200, 227400, 181900, 145500, 116400, 93130, 74510, 59600, 47680,
    38150,  30520,  24410,  19530,  15630,  12500,  10000,  8000,   6400,   5120,   4096,  3277,  2621,  2097,
    1678,   1342,   1074,   859,    687,    550,    440,    352,    281,    225,    180,   144};

int sched_rank(const struct sched *s)
{
    int own = s->policy == SCHED_FIFO || s->policy == SCHED_RR ? s->priority : 0;

    return own > s->boost ? own : s->boost;
}

void sched_tell(struct task *t)
{
    const struct sched *s = &t->sched;
    int rank = sched_rank(s);
    jg_time_t turn = (jg_time_t)turns[s->nice - NICE_MIN] * 1000;

    if (turn > LONGEST_NS)
        turn = LONGEST_NS;
    if (s->policy == SCHED_IDLE)
        turn = JG_TURN_LEAST_NS;
    if (rank)
        turn = s->policy == SCHED_RR && rank == s->priority ? RR_TURN_NS : 0;
    jg_thread_set_turn(t->thread, (uint32_t)rank, turn);
}
