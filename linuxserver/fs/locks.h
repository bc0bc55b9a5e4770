/*
 * Advisory locks: flock(2), fcntl(2) record locks. Kept here, by inode, for the programs of this
 * server.
 */
#pragma once

#include <file.h>

struct inode;
struct files;

/*
 * A descriptor of the file was closed: the record locks that were set through its table go
 * (fcntl(2)).
 */
void locks_release_owner(struct inode *inode, struct files *owner);

/* The last reference of a description goes: its flock goes. */
void locks_release_file(struct file *f);

/* flock(2). */
int64_t locks_flock(struct task *t, struct file *f, int operation);

struct flock;

/* fcntl F_GETLK, F_SETLK, F_SETLKW; `lock` is read and, for F_GETLK, written. */
int64_t locks_fcntl(struct task *t, struct file *f, int cmd, struct flock *lock);
