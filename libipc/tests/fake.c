/* The fake kernel, and where the harness's random values come from. See fake.h. */
#include "fake.h"

#include <string.h>

#define HANDLES      64
#define FIRST_HANDLE 100

fake_server_fn *fake_server;
const uint8_t *fake_reply_bytes;
size_t fake_reply_size;
unsigned fake_reads;
size_t fake_read_bytes;
bool harness_hostile;
bool harness_late;

static struct {
    uint32_t type;
    jg_rights_t rights;
} handles[HANDLES];

static struct {
    jg_token_t token; /* of the call that runs, else 0 */
    struct jg_call_ext *ext;
    struct jg_handle_received arrived[JG_CALL_HANDLES];
    uint32_t arrived_count;
    uint32_t given;
    uint32_t room;
    bool answered; /* by jg_reply, with `late` */
    struct jg_message late;
} current;

static jg_token_t last_token;

jg_handle_t fake_handle(uint32_t type, jg_rights_t rights)
{
    for (unsigned i = 0; i < HANDLES; i++) {
        if (handles[i].type != JG_TYPE_NONE)
            continue;
        handles[i].type = type;
        handles[i].rights = rights;
        return FIRST_HANDLE + i;
    }
    CHECK(false); /* none left */
    return JG_HANDLE_NONE;
}

uint32_t fake_type(jg_handle_t h)
{
    return h >= FIRST_HANDLE && h < FIRST_HANDLE + HANDLES ? handles[h - FIRST_HANDLE].type
                                                           : (uint32_t)JG_TYPE_NONE;
}

unsigned fake_open_handles(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < HANDLES; i++)
        n += handles[i].type != JG_TYPE_NONE;
    return n;
}

/* A generated function never closes a handle that is not its own. */
int64_t jg_handle_close(jg_handle_t h)
{
    CHECK(fake_type(h) != JG_TYPE_NONE);
    handles[h - FIRST_HANDLE].type = JG_TYPE_NONE;
    return JG_OK;
}

/* Moves a handle: its number changes, as between two tables. */
static struct jg_handle_received move(struct jg_handle_send send)
{
    uint32_t type = fake_type(send.handle);
    jg_rights_t rights;

    CHECK(type != JG_TYPE_NONE);
    rights = handles[send.handle - FIRST_HANDLE].rights;
    jg_handle_close(send.handle);
    if (!(send.rights & JG_RIGHTS_SAME))
        rights &= send.rights;
    return (struct jg_handle_received){fake_handle(type, rights), rights, type, 0};
}

int64_t jg_call_read(jg_token_t token, uint64_t offset, void *buffer, size_t size)
{
    if (token != current.token || token == JG_TOKEN_NONE)
        return JG_ERR_BAD_TOKEN;
    if (!current.ext || offset > current.ext->in_size || size > current.ext->in_size - offset)
        return JG_ERR_OUT_OF_RANGE;
    memcpy(buffer, (const char *)(uintptr_t)current.ext->in + offset, size);
    fake_reads++;
    fake_read_bytes += size;
    return JG_OK;
}

int64_t jg_call_write(jg_token_t token, uint64_t offset, const void *buffer, size_t size)
{
    if (token != current.token || token == JG_TOKEN_NONE)
        return JG_ERR_BAD_TOKEN;
    if (!current.ext || offset > current.ext->out_size || size > current.ext->out_size - offset)
        return JG_ERR_OUT_OF_RANGE;
    memcpy((char *)(uintptr_t)current.ext->out + offset, buffer, size);
    return JG_OK;
}

int64_t jg_call_take(jg_token_t token, struct jg_handle_received *out, size_t room)
{
    uint32_t n = current.arrived_count;

    if (token != current.token || token == JG_TOKEN_NONE)
        return JG_ERR_BAD_TOKEN;
    CHECK(room >= n);
    memcpy(out, current.arrived, n * sizeof out[0]);
    current.arrived_count = 0;
    return n;
}

int64_t jg_call_give(jg_token_t token, const struct jg_handle_send *in, size_t count)
{
    struct jg_handle_send kept[JG_CALL_HANDLES];

    CHECK(count <= JG_CALL_HANDLES);
    memcpy(kept, in, count * sizeof in[0]);
    if (token != current.token || current.given || count > current.room) {
        for (size_t i = 0; i < count; i++)
            jg_handle_close(kept[i].handle);
        return token != current.token ? JG_ERR_BAD_TOKEN : JG_ERR_OUT_OF_RANGE;
    }
    for (size_t i = 0; i < count; i++)
        current.ext->received[i] = move(kept[i]);
    current.given = (uint32_t)count;
    return JG_OK;
}

/* A reply of random words, bytes and handles: what no honest server sends. */
static jg_token_t hostile_reply(const struct jg_received *msg, struct jg_message *reply)
{
    uint64_t choice = harness_random();
    size_t size = current.ext ? current.ext->out_size : 0;

    if (size > fake_reply_size)
        size = fake_reply_size;
    if (size)
        memcpy((char *)(uintptr_t)current.ext->out, fake_reply_bytes, size);
    memset(reply, 0, sizeof *reply);
    reply->info = choice & 1 ? 0 : (uint32_t)(choice >> 32);
    if (choice & 2)
        reply->word[0] = choice & 4 ? size : harness_random();
    if (choice & 8)
        harness_fill(reply->word, sizeof reply->word);
    if (choice & 16 && current.room) {
        uint32_t n = (uint32_t)(choice >> 8) % (current.room + 1);

        for (uint32_t i = 0; i < n; i++) {
            uint32_t type = 1 + (uint32_t)harness_random() % JG_TYPE_RESOURCE;
            jg_rights_t rights = (jg_rights_t)harness_random() & JG_RIGHTS_ALL;

            current.ext->received[i] =
                (struct jg_handle_received){fake_handle(type, rights), rights, type, 0};
        }
        current.given = n;
    }
    return msg->token;
}

jg_status_t fake_deliver(const struct jg_message *m, struct jg_call_ext *ext,
                         struct jg_message *reply)
{
    struct jg_received msg = {.key = 77, .token = ++last_token};
    jg_token_t answer;

    CHECK(current.token == JG_TOKEN_NONE);
    memset(&current, 0, sizeof current);
    current.token = msg.token;
    current.ext = ext;
    if (ext) {
        current.room = ext->received_count;
        for (uint32_t i = 0; i < ext->send_count; i++)
            current.arrived[i] = move(ext->send[i]);
        current.arrived_count = ext->send_count;
    }
    fake_reads = 0;
    fake_read_bytes = 0;
    msg.info = JG_INFO_LABEL(m->info) | (uint64_t)JG_KIND_CALL << 40;
    if (current.arrived_count)
        msg.info |= JG_CALL_EXT_HANDLES;
    memcpy(msg.word, m->word, sizeof msg.word);
    memset(reply, 0xa5, sizeof *reply); /* nothing may be left unset */
    answer = (fake_reply_bytes ? hostile_reply : fake_server)(&msg, reply);
    for (uint32_t i = 0; i < current.arrived_count; i++)
        jg_handle_close(current.arrived[i].handle);
    if (ext)
        ext->received_count = current.given;
    current.token = JG_TOKEN_NONE;
    CHECK(answer == msg.token || answer == JG_TOKEN_NONE);
    if (current.answered) {
        CHECK(answer == JG_TOKEN_NONE);
        *reply = current.late;
        return JG_OK;
    }
    return answer == JG_TOKEN_NONE ? JG_ERR_INTERRUPTED : JG_OK;
}

/* Only the call that runs can be answered, once. */
jg_status_t jg_reply(jg_token_t token, const struct jg_message *reply)
{
    if (token == JG_TOKEN_NONE || token != current.token || current.answered)
        return JG_ERR_BAD_TOKEN;
    current.answered = true;
    current.late = *reply;
    return JG_OK;
}

jg_status_t jg_channel_call(jg_handle_t channel, struct jg_message *m, struct jg_call_ext *ext)
{
    struct jg_message reply;
    jg_status_t status;

    CHECK(channel == 1);
    status = fake_deliver(m, ext, &reply);
    if (status == JG_OK)
        *m = reply;
    return status;
}

static uint64_t state = 1;
static const uint8_t *bytes;
static size_t bytes_left;

void harness_seed(uint64_t seed)
{
    state = seed * 2 + 1;
}

void harness_bytes(const uint8_t *from, size_t size)
{
    bytes = from;
    bytes_left = size;
}

/* xorshift64*, mixed with the fuzzer's bytes as long as there are any. */
uint64_t harness_random(void)
{
    uint64_t given = 0;
    size_t n = bytes_left < sizeof given ? bytes_left : sizeof given;

    if (n) {
        memcpy(&given, bytes, n);
        bytes += n;
        bytes_left -= n;
        return given;
    }
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dull;
}

void harness_fill(void *to, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t r = harness_random();

        memcpy((char *)to + i, &r, size - i < 8 ? size - i : 8);
    }
}

void harness_text(char *to, size_t size)
{
    harness_fill(to, size);
    for (size_t i = 0; i < size; i++)
        if (to[i] == 0)
            to[i] = 'z';
}

size_t harness_length(size_t max)
{
    uint64_t r = harness_random();

    if (r % 8 == 0)
        return 0;
    if (r % 8 == 1)
        return max;
    return (size_t)(r >> 8) % ((r % 2 ? max : max < 40 ? max : 40) + 1);
}

int32_t harness_result(void)
{
    uint64_t r = harness_random();

    if (r % 4)
        return 0;
    r >>= 32;
    return r % 2 ? (int32_t)(r % INT32_MAX) + 1 : -(int32_t)(r % INT32_MAX) - 1;
}

void harness_touch(const void *from, size_t size)
{
    static volatile uint8_t sink;
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)from)[i]);
    sink = sum;
    (void)sink;
}
