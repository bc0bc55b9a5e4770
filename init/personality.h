/*
 * The personality: its sessions, its first program, and what became of it.
 */
#pragma once

#include "init.h"

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
