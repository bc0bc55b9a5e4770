/*
 * The first program, and what became of it: this server's side of personality.idl.
 */
#pragma once

#include <ipc/personality_server.h>

extern const struct personality_ops launch_ops;

/* The first program has ended (wait4's form): init is told. */
void launch_ended(int wait_status);

/* reboot(2): the machine shall stop, whatever runs. */
void launch_power(bool restart);
