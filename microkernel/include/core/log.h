/*
 * The kernel's log: debugcon at once, and a ring in memory that jg_log_read drains; and panic.
 *
 * Locks: none of its own; writers hold the big lock, a panic needs none.
 */
#pragma once

#include <core/compiler.h>
#include <stdarg.h>

/*
 * Writes one line; the newline is added. Never allocates or fails; lines over 256 bytes are cut.
 * Understands what format_string() does.
 */
void log_print(const char *format, ...) PRINTF_LIKE(1, 2);

/* Appends `length` bytes as they are. */
void log_write(const char *text, size_t length);

/*
 * Copies log bytes from *cursor on into `buffer` and moves the cursor. A cursor that was overtaken
 * jumps to the oldest byte. Returns the bytes copied, 0 at the end.
 */
size_t log_read(uint64_t *cursor, char *buffer, size_t size);

/* Prints a sentence, the registers and a backtrace, and ends the machine: isa-debug-exit, then halt. */
void panic(const char *format, ...) PRINTF_LIKE(1, 2) NORETURN COLD;
