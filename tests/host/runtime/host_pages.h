/*
 * The heap's pages on the host: counted, and with a limit that tests set.
 */
#pragma once

#include <stddef.h>

extern size_t host_pages_limit; /* bytes that commit may still hand out */
extern size_t host_pages_reserved;
