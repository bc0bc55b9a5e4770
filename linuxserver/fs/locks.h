/*
 * Advisory locks: flock(2), fcntl(2) record locks. vfsd keeps them for the programs of all servers.
 */
#pragma once

#include <file.h>

struct files;
struct flock;

/* A descriptor of the file was closed: the record locks that were set through its table go (fcntl(2)). */
void locks_release_owner(const struct file *f, const struct files *owner);

/* The last reference of a description goes, and so do its locks. */
void locks_release_file(const struct file *f);

/* vfsd's event: waits have an outcome. */
void locks_event(void);

/* flock(2). */
int64_t locks_flock(struct task *t, struct file *f, int operation);

/* fcntl F_GETLK, F_SETLK, F_SETLKW; `lock` is read and, for F_GETLK, written. */
int64_t locks_fcntl(struct task *t, struct file *f, int cmd, struct flock *lock);

/* The text of /proc/locks; with a file, its lines that concern it and the table. 0 or -errno. */
int64_t locks_tell(const struct file *f, const struct files *owner, char *buf, size_t size,
                   size_t *length);
