/*
 * The IPC side of vfsd: the ops behind vfs.idl, sessions' handles, and the loop that serves them.
 */
#pragma once

#include "session.h"

struct server {
    struct vfsd vfsd;
    jg_handle_t port;
    jg_handle_t words; /* the page of words.h */
};

/* What the dispatcher calls; the context is a struct server. */
extern const struct vfs_ops server_ops;

/*
 * Makes a session that is called through `end`, and takes over both handles, also on failure
 * (`changed` may be NONE). Returns 0, NOMEM, or a negative status.
 */
int32_t server_open(struct server *server, struct tree *tree, bool read_only, bool control,
                    jg_handle_t end, jg_handle_t changed);

/* Tells the sessions that have notices. */
void server_tell_notices(struct server *server);

/* Ends the session with this key, if there is one, and gives its handles back. */
void server_closed(struct server *server, uint64_t key);
