/*
 * fault: what its files share.
 */
#pragma once

#include "linux.h"
#include "overlay.h"

enum fault_action { FAULT_ERROR, FAULT_SIGNAL, FAULT_DELAY, FAULT_SHORT };

/* One option: which calls, when, and what becomes of them. */
struct rule {
    bool calls[CALLS_MAX];
    const char *text; /* the action, as the option has it */
    enum fault_action action;
    uint64_t value;         /* errno, signal, milliseconds, or bytes */
    uint64_t first, last;   /* occurrences; from 1 */
    unsigned percent;       /* 0: by occurrence */
    bool by_descriptor;
    int descriptor;
    const char *path; /* a part of it; NULL: any */
    uint64_t seen;    /* occurrences so far */
};

/*
 * Reads `ACTION[@WHEN][&fd=N][&path=TEXT]` for calls named `name`. `value` stays in use. Returns false with
 * overlay_problem() said.
 */
bool rule_read(struct rule *rule, const char *name, char *value);

/*
 * Does this call meet the rule now? Counts it if it is one of its calls. `draw` gives a number below 100 for each call that a
 * probability decides.
 */
bool rule_meets(struct rule *rule, const struct overlay_thread *thread, unsigned (*draw)(void));

/*
 * A handler is about to run in place of a call that was not made yet: when it returns, the call is made (arch).
 * False: there is no handler's frame.
 */
bool frame_repeat_call(const struct overlay_thread *thread, const uint64_t *call);
