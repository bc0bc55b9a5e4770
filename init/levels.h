/*
 * Personalities that stand above the base one, started when a program asks for them.
 */
#pragma once

#include "init.h"

/* Does the manifest name a level whose program is that section? For bootimage_trim(); `init` is a struct init. */
bool levels_need(void *init, const char *section);

/*
 * Starts the levels that programs have asked the personality for, and answers them. Called when the personality
 * has raised its event.
 */
void levels_answer(struct init *init);

/* A level's process has ended: what ran under it is ended, and the host told if it was not in order. */
void levels_ended(struct init *init, unsigned number);

/* Tells the personality what there is, for /proc/personalities. */
void levels_show(struct init *init);
