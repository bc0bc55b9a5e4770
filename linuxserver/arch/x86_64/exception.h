/*
 * Processor exceptions as signals.
 */
#pragma once

#include <linux.h>

/*
 * Fills what Linux sends for an exception vector. `address` is CR2 where it means something, `pc`
 * where it was.
 */
void exception_info(unsigned vector, uint64_t error, uint64_t address, uint64_t pc,
                    siginfo_t *info);
