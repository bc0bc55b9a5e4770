/* What the system calls itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SYSTEM_RELEASE "6.1.0"
#define SYSTEM_VERSION "#1 Jargoon"

#define SYSTEM_NAME_MAX 64

/* The host's or the domain's name as sethostname(2) and its sister left it, zero-terminated. */
void system_name(bool domain, char *buf, size_t size);

/* Sets it; what does not fit is cut off. Who may was asked before. */
void system_set_name(bool domain, const char *name);
