/*
 * The control port: whole lines of text to the host, from init and from the control stream, and lines
 * from the host.
 *
 * In:    control_line(), control_write(); control_next() for each line that arrived.
 * Life:  lines wait here until the port is there and has room.
 */
#pragma once

#include "serial.h"

#define CONTROL_LINE_MAX 1024u

struct control {
    char out[4096];                /* whole lines, not yet sent */
    uint32_t out_bytes;
    char partial[CONTROL_LINE_MAX]; /* a line that the control stream has not finished */
    uint32_t partial_bytes;
    char in[128];
    uint32_t in_bytes;
    bool in_too_long;
};

/* Queues a line, given without its newline. Returns false when there is no room for it now. */
bool control_line(struct control *c, const char *line, size_t n);

/*
 * Takes bytes of the control stream; each complete line is queued. A longer line than CONTROL_LINE_MAX is
 * cut in two. Returns how many bytes were taken.
 */
size_t control_write(struct control *c, const char *bytes, size_t n);

/* The control stream is closed: what it wrote last is a line. */
void control_end(struct control *c);

/* Sends what is queued, as far as the port takes it; forgets it when there is no port any more. */
void control_send(struct control *c, struct serial *s);

/* Is nothing queued? */
bool control_idle(const struct control *c);

/*
 * Takes the next complete line that the host sent; it is zero-terminated and valid until the next call.
 * Returns NULL when there is none.
 */
const char *control_next(struct control *c, struct serial *s);
