/*
 * What a level says: to a file of the user's tree (option o=FILE), or to the host's stderr.
 */
#pragma once

#include <jg/rt/startup.h>
#include <stdbool.h>
#include <stddef.h>

/* Takes the sessions. Before anything is reported. */
void report_start(const struct jg_startup *startup);

/* Reports go to this file from now on, at its end; it is made if need be, and emptied if so wanted. False: it cannot be. */
bool report_to(const char *path, bool empty);

/* The bytes of a file of the user's tree, zero-terminated, on the heap. NULL: it cannot be read. */
char *report_read_file(const char *path, size_t *size);

/* Says it. Waits while the host's stream is full. What cannot be written (no space) is lost. */
void report(const char *text, size_t size);
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
