/*
 * Character devices by number, and the files that stand for the host's streams.
 */
#pragma once

#include <file.h>

/*
 * Opens a character device. The inode's reference is taken over on success. 0, or -ENXIO, -ENOMEM,
 * ...
 */
int64_t device_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out);

/* A file on one of the host's byte streams (CONSOLE_STREAM_*). NULL: no memory. */
struct file *stream_open(uint32_t stream, uint32_t flags);

/* A stream's state changed, by event bits of console.idl. */
void stream_events(uint64_t bits);
