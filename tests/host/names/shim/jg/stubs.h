/*
 * Stands before abi/jg/stubs.h on the include path: what the name cache and its stubs ask the kernel for, answered by
 * fake_session.c.
 */
#pragma once

#include <jg/call.h>
#include <jg/info.h>
#include <jg/memory.h>

jg_status_t jg_channel_call(jg_handle_t channel, struct jg_message *m, struct jg_call_ext *ext);
jg_status_t jg_reply(jg_token_t token, const struct jg_message *reply);
int64_t jg_handle_close(jg_handle_t h);
int64_t jg_call_read(jg_token_t token, uint64_t offset, void *buffer, size_t size);
int64_t jg_call_write(jg_token_t token, uint64_t offset, const void *buffer, size_t size);
int64_t jg_call_take(jg_token_t token, struct jg_handle_received *out, size_t room);
int64_t jg_call_give(jg_token_t token, const struct jg_handle_send *in, size_t count);
int64_t jg_aspace_map(jg_handle_t aspace, struct jg_map *map);
int64_t jg_object_info(jg_handle_t h, uint32_t topic, void *buffer, size_t size);
