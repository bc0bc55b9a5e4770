/* What the system calls itself. */
#pragma once

#include <stddef.h>

#define SYSTEM_RELEASE "6.1.0"
#define SYSTEM_VERSION "#1 Jargoon"

/* The host name as sethostname(2) left it, zero-terminated. */
void system_hostname(char *buf, size_t size);
