/*
 * One line in the kernel's log.
 */
#pragma once

/*
 * Formats a line (format.h; without a newline) and appends it to the kernel's log, which adds the
 * time and the process's name. Cut at 256 bytes. Any context, no allocation.
 */
void rt_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Logs a line and ends the process with JG_ERR_INTERNAL. Any context. */
_Noreturn void rt_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
