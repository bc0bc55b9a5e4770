/*
 * How a run ends: a line on the control port, everything drained, power off.
 */
#pragma once

#include "init.h"

/* Ends the run with `exit STATUS` for the host. */
_Noreturn void ending_exit(struct init *init, unsigned status);

/*
 * Ends the run with `fail SENTENCE`: status 125. Without a consoled that answers, the sentence is
 * in the log only. The sentence (format.h) needs no newline; those in it become spaces.
 */
_Noreturn void ending_fail(struct init *init, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the run with `exit 0`; an `exit N` that the first program said before counts instead. */
_Noreturn void ending_power(struct init *init, uint32_t action);
