/*
 * init's state: one of it, made and used by the first thread.
 */
#pragma once

#include "bootimage.h"
#include "config.h"
#include "manifest.h"
#include "server.h"

#define LEVELS_MAX 32u /* of all stacks together */

/* A server that stands above the personality, for the programs of one stack. */
struct level {
    bool used;
    uint64_t stack;   /* the personality's number for it */
    jg_handle_t port; /* where the traps of its threads arrive, until they do */
    struct server server;
};

struct init {
    struct bootimage image;
    struct config config;
    struct manifest manifest;
    struct server_maker maker;
    jg_handle_t time; /* a VMO with the kernel's time page */
    uint32_t server_count;
    struct server server[MANIFEST_SERVERS_MAX];
    /* Those that init talks to: entries of `server`, or NULL before they answer. */
    struct server *console, *vfs, *personality;
    struct level level[LEVELS_MAX];
};

/*
 * Starts a server from its manifest entry, waits until it answers and returns it in `started`.
 * Ends the run with a sentence when that fails.
 */
void init_start_server(struct init *init, const struct manifest_server *manifest,
                       int32_t (*check)(jg_handle_t session), const struct loader_gift *extra,
                       uint32_t extra_count, struct server **started);
