/*
 * A server that init started, and init's session with it.
 */
#pragma once

#include "loader.h"
#include "manifest.h"

/* Keys of init's port. The rest of the key is the server's number. */
#define SERVER_KEY_EVENT  0x100u /* its "control_event": what it raised for init */
#define SERVER_KEY_ENDED  0x200u /* its process has ended */
#define SERVER_KEY_NUMBER 0xffu

/* Of ports and ends that a server receives on. */
#define SERVER_WAIT_RIGHTS                                                                         \
    (JG_RIGHT_DUPLICATE | JG_RIGHT_TRANSFER | JG_RIGHT_INSPECT | JG_RIGHT_WAIT)

struct server {
    const struct manifest_server *manifest;
    unsigned number;
    jg_handle_t process;
    jg_handle_t ended;   /* the event that its end raises */
    jg_handle_t control; /* the client end of init's session */
};

/* What every server is made from. */
struct server_maker {
    const struct bootimage *image;
    jg_handle_t port;     /* init's: events and deaths arrive here */
    jg_handle_t job;      /* whose children the servers' jobs are */
    jg_handle_t resource; /* the root: grants are cut out of it */
};

/*
 * Starts a server with its grants and `extra_count` more gifts, and watches it.
 * `server->manifest` and `number` are set. Returns JG_OK; JG_ERR_NOT_FOUND (no such section); or
 * what the loader or the kernel said.
 */
int64_t server_start(struct server *server, const struct server_maker *maker,
                     const struct loader_gift *extra, uint32_t extra_count);

/*
 * Waits until the server has bound its control end, at most a few seconds: it does so first of all.
 * `check` is its interface's version check. Returns JG_OK, JG_ERR_TIMED_OUT, JG_ERR_BAD_VERSION,
 * JG_ERR_PEER_CLOSED.
 */
int64_t server_wait_ready(const struct server *server, int32_t (*check)(jg_handle_t session));

/* Writes how a server that ended did so, a clause such as "vfsd ended: out of memory". */
void server_describe_end(const struct server *server, char *clause, size_t size);

/* The text of a status (JG_ERR_*). */
const char *status_text(int64_t status);
