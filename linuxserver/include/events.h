/* The thread that hears the servers below: consoled's and vfsd's events, and the kernel timer. */
#pragma once

/* Parks on server.events forever. */
_Noreturn void events_loop(void);
