/*
 * What region_test.c needs of the host: its headers and Linux's exported ones do not go together.
 */
#pragma once

#include <stdint.h>

/* A failed check, as a note. */
void host_print(const char *what, int line);

/* The only line of TAP. */
void host_result(uint64_t failures, uint64_t seed, uint64_t count);

uint64_t host_number(const char *text);
