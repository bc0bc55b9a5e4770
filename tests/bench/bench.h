/*
 * The rows of the benchmark: what each file of rows offers, and what main.c offers to them.
 *
 * A row measures one operation by a loop of `n`. Its process is its own: what prepare() opens, maps
 * or forks ends with it. A row that cannot work calls fail(), which does not return.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdnoreturn.h>

struct row {
    const char *name;
    void (*prepare)(void);         /* once, not measured; may be NULL */
    void (*run)(unsigned long n);  /* n operations, or n times `unit` of them */
    unsigned long unit;            /* operations in one pass of the loop; 0 means 1 */
    int own_clock;                 /* run() itself says what is measured, with the two below */
};

/* Tables, each ended by a row without a name. */
extern const struct row call_rows[], file_rows[], wait_rows[], memory_rows[], process_rows[];

/* Adds the time between the two to what is measured. */
void clock_start(void);
void clock_stop(void);

/* Ends the row with `what` and errno as the reason. */
noreturn void fail(const char *what);

/* `condition`, or the row ends with its text as the reason. */
#define NEED(condition) ((condition) ? (void)0 : fail(#condition))

#endif
