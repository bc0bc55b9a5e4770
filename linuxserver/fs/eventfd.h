/* Eventfds. Source: eventfd(2). */
#pragma once

#include <file.h>

/* A new one, counting from `value`; flags are EFD_*. NULL: no memory. */
struct file *eventfd_create(uint32_t value, uint32_t flags);
