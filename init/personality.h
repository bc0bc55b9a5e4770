/*
 * The personality: its sessions, its first program, and what became of it.
 */
#pragma once

#include "init.h"

#define PERSONALITY_GIFTS 5u

/* What every personality, base or level, is given: a port for events, sessions, the time. */
struct personality_sessions {
    jg_handle_t handle[PERSONALITY_GIFTS];
};

/*
 * Makes them. Returns JG_OK; else what the kernel or a server said (JG_ERR_*), and none is left. Once the personality
 * has its own, personality_close_sessions() closes init's.
 */
int64_t personality_open_sessions(struct init *init, struct personality_sessions *s);
void personality_close_sessions(struct personality_sessions *s);

/* Names them for the loader: PERSONALITY_GIFTS entries. */
void personality_fill_gifts(struct loader_gift *gifts, const struct personality_sessions *s);

/*
 * Starts the personality that the configuration names and gives it its sessions with vfsd and
 * consoled, which answer already. Ends the run with a sentence when that fails.
 */
void personality_start(struct init *init);

/* Asks the personality to start the first program. Ends the run with a sentence when that fails. */
void personality_launch_first(struct init *init);

/*
 * Asks what became of the first program. Returns when it still runs; ends the run when it does not.
 * Called when the personality has raised its event.
 */
void personality_check_status(struct init *init);
