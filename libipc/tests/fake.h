/*
 * A kernel for host tests: one call at a time, from a stub straight into a dispatcher.
 *
 * In:    set fake_server, then call stubs; or fake_deliver() for a message that no stub would send.
 * Life:  one static call and one table of handles. CHECK ends the process at the first failure.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <jg/stubs.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: failed: %s\n", __FILE__, __LINE__, __func__, #condition);  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Serves one call. Returns the token to answer. */
typedef jg_token_t fake_server_fn(const struct jg_received *msg, struct jg_message *reply);

/* What answers jg_channel_call. */
extern fake_server_fn *fake_server;

/* When set, replies are made of these bytes and no server is called: for the stubs' decoders. */
extern const uint8_t *fake_reply_bytes;
extern size_t fake_reply_size;

/* How often the last call's IN window was read, and how many bytes. */
extern unsigned fake_reads;
extern size_t fake_read_bytes;

/* Makes a handle to nothing with a type and rights. */
jg_handle_t fake_handle(uint32_t type, jg_rights_t rights);

/* Returns how many handles are open. */
unsigned fake_open_handles(void);

/* Returns the type of an open handle, JG_TYPE_NONE for another. */
uint32_t fake_type(jg_handle_t h);

/*
 * Delivers a call made by hand: `msg->info` holds the label, the token is filled in. Handles in
 * `send` move as the kernel moves them, with the rights that it says. The reply comes in `reply`,
 * received handles in ext->received. Returns JG_OK, or JG_ERR_INTERRUPTED when the server kept the
 * token.
 */
jg_status_t fake_deliver(const struct jg_message *m, struct jg_call_ext *ext,
                         struct jg_message *reply);

/* Random numbers: from a generator, or from bytes while a fuzzer gives some. */
uint64_t harness_random(void);
void harness_seed(uint64_t seed);
void harness_bytes(const uint8_t *bytes, size_t size);

/* True while inputs are hostile: ops then only look at every byte, and compare nothing. */
extern bool harness_hostile;

/* True while ops keep their tokens, and answer with METHOD_reply() before they return. */
extern bool harness_late;

/* Fills a buffer with random bytes, or with characters that are not zero. */
void harness_fill(void *to, size_t size);
void harness_text(char *to, size_t size);

/* Returns 0 to `max`, often one of the two. */
size_t harness_length(size_t max);

/* Returns what an op will return: mostly 0, else an error or a status. */
int32_t harness_result(void);

/* Reads every byte, so that a sanitiser sees what is not there. */
void harness_touch(const void *from, size_t size);
