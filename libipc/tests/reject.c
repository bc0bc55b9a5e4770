/*
 * Every way in which a message can be wrong, and what each side answers: types.idl, message by
 * message.
 *
 * The dispatcher's answer to a bad call, the stub's answer to a bad reply or a bad argument. After
 * each case no handle is open. The ops compare nothing (harness_hostile), but count as called.
 */
#include "types_harness.h"

static unsigned served;

static jg_token_t serve(const struct jg_received *msg, struct jg_message *reply)
{
    jg_token_t token = types_dispatch(&types_harness_ops, NULL, msg, reply);

    served += JG_INFO_LABEL(reply->info) == 0;
    return token;
}

/* Sends one message as it is. Returns the result that a stub would see. */
static int32_t send(uint32_t label, const uint64_t word[JG_CALL_WORDS], const void *in,
                    size_t in_size)
{
    static uint8_t room[8192];
    struct jg_message m = {.info = label};
    struct jg_message reply;
    struct jg_call_ext ext;

    memset(&ext, 0, sizeof ext);
    memcpy(m.word, word, sizeof m.word);
    ext.in = (uintptr_t)in;
    ext.in_size = in_size;
    ext.out = (uintptr_t)room;
    ext.out_size = sizeof room;
    CHECK(fake_deliver(&m, &ext, &reply) == JG_OK);
    CHECK(fake_open_handles() == 0);
    return jg_ipc_result(JG_INFO_LABEL(reply.info));
}

#define WORDS(...)       ((const uint64_t[JG_CALL_WORDS]){__VA_ARGS__})
#define BAD(label, ...)  CHECK(send(label, WORDS(__VA_ARGS__), NULL, 0) == JG_ERR_BAD_MESSAGE)
#define GOOD(label, ...) CHECK(send(label, WORDS(__VA_ARGS__), NULL, 0) == 0)

static void labels(void)
{
    CHECK(send(5000, WORDS(0), NULL, 0) == JG_ERR_NOT_SUPPORTED);
    CHECK(send(TYPES_METHOD_MISSING, WORDS(0), NULL, 0) == JG_ERR_NOT_SUPPORTED);
    CHECK(send(0, WORDS(TYPES_VERSION), NULL, 0) == JG_OK);
    CHECK(send(0, WORDS(TYPES_VERSION + 1), NULL, 0) == JG_ERR_BAD_VERSION);
}

static void words(void)
{
    GOOD(TYPES_METHOD_NOTHING, 0);
    BAD(TYPES_METHOD_NOTHING, 1);
    BAD(TYPES_METHOD_NOTHING, 0, 0, 0, 0, 0, 0, 0, 1);
    GOOD(TYPES_METHOD_SCALARS, 0xff, 0xff, 0xffff, 0xffff, 0xffffffff, 0xffffffff, ~0ull, ~0ull);
    BAD(TYPES_METHOD_SCALARS, 0x100);
    BAD(TYPES_METHOD_SCALARS, 0, 0x100);
    BAD(TYPES_METHOD_SCALARS, 0, ~0ull); /* -1 travels as 0xff */
    BAD(TYPES_METHOD_SCALARS, 0, 0, 0x10000);
    BAD(TYPES_METHOD_SCALARS, 0, 0, 0, 0, 0x100000000);
}

static void named(void)
{
    uint64_t low = 0x80; /* TYPES_TINY_LOW as a byte */

    GOOD(TYPES_METHOD_NAMED, 1, low, 10, 2147483647, 0x81, 1);
    BAD(TYPES_METHOD_NAMED, 2, low, 10, 2147483647, 0x81, 1);       /* not a bool */
    BAD(TYPES_METHOD_NAMED, 1, 0, 10, 2147483647, 0x81, 1);         /* no such tiny */
    BAD(TYPES_METHOD_NAMED, 1, low, 11, 2147483647, 0x81, 1);       /* no such sparse */
    BAD(TYPES_METHOD_NAMED, 1, low, 10, 5, 0x81, 1);                /* no such wide */
    BAD(TYPES_METHOD_NAMED, 1, low, 10, 2147483647, 0x82, 1);       /* unknown few */
    BAD(TYPES_METHOD_NAMED, 1, low, 10, 2147483647, 0x81, 1u << 1); /* unknown many */
    BAD(TYPES_METHOD_NAMED, 1, low, 10, 2147483647, 0x81, 1, 1);    /* a word too many */
}

/* structs(odd three, pair both, checked all): 1 + 1 + 4 words. */
static void structs_in_words(void)
{
    struct types_checked all = {.far = TYPES_WIDE_UP, .one = TYPES_TINY_HIGH};
    uint64_t word[JG_CALL_WORDS] = {0x030201, 0x0000000200000001};

    _Static_assert(sizeof all == 32, "four words");
    memcpy(&word[2], &all, sizeof all);
    CHECK(send(TYPES_METHOD_STRUCTS, word, NULL, 0) == 0);
    word[0] |= 1u << 24; /* behind the third byte of `odd` */
    CHECK(send(TYPES_METHOD_STRUCTS, word, NULL, 0) == JG_ERR_BAD_MESSAGE);
    word[0] = 0;
    all.list[2] = 9;
    memcpy(&word[2], &all, sizeof all);
    CHECK(send(TYPES_METHOD_STRUCTS, word, NULL, 0) == JG_ERR_BAD_MESSAGE);
    all.list[2] = 10;
    all.no[1] = 2;
    memcpy(&word[2], &all, sizeof all);
    CHECK(send(TYPES_METHOD_STRUCTS, word, NULL, 0) == JG_ERR_BAD_MESSAGE);
}

/* text(string<100> words): the message is 8 bytes, then the characters and a zero. */
static int32_t text(uint32_t claimed, const char *bytes, size_t size, uint64_t total)
{
    struct types_text_in_buffer m;

    memset(&m, 0, sizeof m);
    m.fixed.words_len = claimed;
    memcpy(m.data, bytes, size);
    return send(TYPES_METHOD_TEXT, WORDS(total), &m, sizeof m.fixed + size);
}

static void strings(void)
{
    struct types_text_in_buffer m = {.fixed = {.words_len = 0, .zero_ = {0, 0, 0, 1}}};
    char full[102] = {0};

    memset(full, 'x', sizeof full);
    CHECK(text(2, "ab", 3, 11) == 0);
    CHECK(text(0, "", 1, 9) == 0);
    CHECK(text(2, "ab", 3, 12) == JG_ERR_BAD_MESSAGE);   /* more than the window holds */
    CHECK(text(2, "ab\0", 4, 12) == JG_ERR_BAD_MESSAGE); /* long */
    CHECK(text(2, "ab", 3, 10) == JG_ERR_BAD_MESSAGE);   /* short */
    CHECK(text(2, "ab", 3, 7) == JG_ERR_BAD_MESSAGE);    /* not even the struct */
    CHECK(text(2, "ab", 3, 0) == JG_ERR_BAD_MESSAGE);
    CHECK(text(2, "ab", 3, ~0ull) == JG_ERR_BAD_MESSAGE);
    CHECK(text(2, "abc", 3, 11) == JG_ERR_BAD_MESSAGE); /* unterminated */
    CHECK(text(2, "a\0", 3, 11) == JG_ERR_BAD_MESSAGE); /* a zero inside */
    CHECK(text(~0u, "ab", 3, 11) == JG_ERR_BAD_MESSAGE);
    full[101] = 0;
    CHECK(text(101, full, 101, 109) == JG_ERR_BAD_MESSAGE); /* over the bound of 100 */
    full[100] = 0;
    CHECK(text(100, full, 101, 109) == 0);
    CHECK(send(TYPES_METHOD_TEXT, WORDS(9), &m, 9) == JG_ERR_BAD_MESSAGE); /* padding not zero */
    CHECK(send(TYPES_METHOD_TEXT, WORDS(9, 1), &m, 9) == JG_ERR_BAD_MESSAGE);
    CHECK(send(TYPES_METHOD_TEXT, WORDS(9), NULL, 0) == JG_ERR_BAD_MESSAGE); /* no window */
}

/* lists: elements that are not values of their type. */
static void elements(void)
{
    struct types_lists_in_buffer m;
    size_t total = sizeof m.fixed + 1;

    memset(&m, 0, sizeof m);
    m.fixed.e_count = 1;
    m.data[0] = 0x80;
    CHECK(send(TYPES_METHOD_LISTS, WORDS(total), &m, total) == 0);
    m.data[0] = 3;
    CHECK(send(TYPES_METHOD_LISTS, WORDS(total), &m, total) == JG_ERR_BAD_MESSAGE);
    m.fixed.e_count = 0;
    m.fixed.f_count = 1;
    m.data[0] = 1;
    CHECK(send(TYPES_METHOD_LISTS, WORDS(total), &m, total) == 0);
    m.data[0] = 2;
    CHECK(send(TYPES_METHOD_LISTS, WORDS(total), &m, total) == JG_ERR_BAD_MESSAGE);
    m.fixed.f_count = 8;
    CHECK(send(TYPES_METHOD_LISTS, WORDS(total + 7), &m, total + 7) == JG_ERR_BAD_MESSAGE);
}

static void windows(void)
{
    CHECK(send(TYPES_METHOD_WINDOW_BOTH, WORDS(101, 0, 200), NULL, 0) == JG_ERR_BAD_MESSAGE);
    CHECK(send(TYPES_METHOD_WINDOW_BOTH, WORDS(100, 0, 201), NULL, 0) == JG_ERR_BAD_MESSAGE);
    GOOD(TYPES_METHOD_WINDOW_BOTH, 0, 0, 0);
}

/* handles_in(vmo, channel with CALL and TRANSFER, event with SIGNAL, port). */
static int32_t handles(const struct jg_handle_received *h, unsigned count, uint32_t label)
{
    struct jg_message m = {.info = label};
    struct jg_message reply;
    struct jg_call_ext ext;

    memset(&ext, 0, sizeof ext);
    ext.send_count = count;
    for (unsigned i = 0; i < count; i++)
        ext.send[i] = (struct jg_handle_send){fake_handle(h[i].type, h[i].rights), JG_RIGHTS_SAME};
    CHECK(fake_deliver(&m, &ext, &reply) == JG_OK);
    CHECK(fake_open_handles() == 0);
    return jg_ipc_result(JG_INFO_LABEL(reply.info));
}

static void handle_checks(void)
{
    struct jg_handle_received h[] = {{.type = JG_TYPE_VMO},
                                     {.type = JG_TYPE_CHANNEL, .rights = JG_RIGHTS_ALL},
                                     {.type = JG_TYPE_EVENT, .rights = JG_RIGHT_SIGNAL},
                                     {.type = JG_TYPE_PORT}};
    const uint32_t label = TYPES_METHOD_HANDLES_IN;

    CHECK(handles(h, 4, label) == 0);
    CHECK(handles(h, 3, label) == JG_ERR_BAD_MESSAGE);
    CHECK(handles(h, 0, label) == JG_ERR_BAD_MESSAGE);
    CHECK(handles(h, 1, TYPES_METHOD_NOTHING) == JG_ERR_BAD_MESSAGE);
    CHECK(handles(h, 4, 5000) == JG_ERR_NOT_SUPPORTED);
    h[1].rights = JG_RIGHT_CALL;
    CHECK(handles(h, 4, label) == JG_ERR_ACCESS_DENIED);
    h[1].rights = JG_RIGHTS_ALL;
    h[3].type = JG_TYPE_TIMER;
    CHECK(handles(h, 4, label) == JG_ERR_WRONG_TYPE);
}

/* A stub given more than a bound sends nothing, but the handle is gone and the OUTs are empty. */
static void stub_arguments(void)
{
    char name[41];
    char back[41] = "old";
    size_t len = 9;
    uint64_t y = 9;
    jg_handle_t out = 9;
    jg_handle_t mine = fake_handle(JG_TYPE_VMO, JG_RIGHTS_ALL);

    memset(name, 'n', sizeof name);
    CHECK(types_handles_mixed(1, 0, mine, name, 41, back, sizeof back, &len, &out, &y) ==
          JG_ERR_TOO_BIG);
    CHECK(fake_open_handles() == 0 && back[0] == 0 && len == 0 && out == JG_HANDLE_NONE && y == 0);
    CHECK(types_window_in(1, 0, name, 70001, &types_window_in_sent.b, NULL) == JG_ERR_TOO_BIG);
}

/* A buffer that is too small: TOO_BIG, the length that it needs, no handle left behind. */
static void small_buffers(void)
{
    struct types_handles_mixed_state *v = &types_handles_mixed_sent;
    char back[5] = "old";
    size_t len = 0;
    jg_handle_t out = 9;

    memset(v, 0, sizeof *v);
    memcpy(v->name_out, "12345", 5);
    v->name_out_len = 5;
    CHECK(types_handles_mixed(1, 0, fake_handle(JG_TYPE_VMO, JG_RIGHT_READ), "", 0, back,
                              sizeof back, &len, &out, NULL) == JG_ERR_TOO_BIG);
    CHECK(len == 5 && back[0] == 0 && out == JG_HANDLE_NONE && fake_open_handles() == 0);
    v->name_out_len = 4;
    CHECK(types_handles_mixed(1, 0, fake_handle(JG_TYPE_VMO, JG_RIGHT_READ), "", 0, back,
                              sizeof back, &len, NULL, NULL) == 0);
    CHECK(len == 4 && strcmp(back, "1234") == 0 && fake_open_handles() == 0);
    CHECK(types_handles_mixed(1, 0, fake_handle(JG_TYPE_VMO, JG_RIGHT_READ), "", 0, NULL, 0, NULL,
                              NULL, NULL) == 0);
    CHECK(fake_open_handles() == 0);
}

/* What a client is answered when the server's op does not keep its promises. */
static int32_t op_too_long(struct types_call *call, const char *words_given, size_t len,
                           char *answer, size_t size, size_t *answer_len)
{
    (void)call, (void)words_given, (void)len, (void)answer;
    *answer_len = size; /* one more than fits: the zero needs its place */
    return 0;
}

static int32_t op_kept(struct types_call *call)
{
    (void)call;
    return JG_REPLY_KEPT;
}

static const struct types_ops careless_ops = {.text = op_too_long, .nothing = op_kept};

static jg_token_t careless(const struct jg_received *msg, struct jg_message *reply)
{
    return types_dispatch(&careless_ops, NULL, msg, reply);
}

static void careless_server(void)
{
    char answer[4];

    fake_server = careless;
    CHECK(types_text(1, "a", 1, answer, sizeof answer, NULL) == JG_ERR_INTERNAL);
    CHECK(types_nothing(1) == JG_ERR_INTERRUPTED); /* the fake kernel's word for: no reply yet */
    fake_server = serve;
}

/* Replies that no dispatcher makes. */
static struct jg_message bad_reply;

static jg_token_t liar(const struct jg_received *msg, struct jg_message *reply)
{
    *reply = bad_reply;
    return msg->token;
}

static int32_t lie(uint64_t info, uint64_t word0, uint64_t word1)
{
    bool more = true;
    uint8_t space[8];
    size_t len = 7;
    struct types_pair b;

    bad_reply = (struct jg_message){info, {word0, word1}};
    fake_server = liar;
    int32_t result = types_window_out(1, 0, &more, space, sizeof space, &len, &b);
    fake_server = serve;
    CHECK(result == 0 || (!more && len == 0));
    return result;
}

static void replies(void)
{
    CHECK(lie(0, 1, 8) == 0);
    CHECK(lie(0, 2, 8) == JG_ERR_BAD_MESSAGE); /* not a bool */
    CHECK(lie(0, 1, 9) == JG_ERR_BAD_MESSAGE); /* more than the room */
    CHECK(lie(5, 2, 9) == 5);                  /* with an error the words do not count */
    CHECK(lie(JG_IPC_STATUS_BIT, 0, 0) == JG_ERR_BAD_MESSAGE);
    CHECK(lie(JG_IPC_STATUS_BIT | 6, 0, 0) == JG_ERR_BAD_HANDLE);
    CHECK(jg_ipc_result(jg_ipc_label(INT32_MIN + 1)) == INT32_MIN + 1);
    CHECK(jg_ipc_result(jg_ipc_label(INT32_MAX)) == INT32_MAX);
}

static void names(void)
{
    const struct jg_method *m = types_method(TYPES_METHOD_HANDLES_MIXED);

    CHECK(m && strcmp(m->name, "handles_mixed") == 0 && strcmp(m->in, "x,a,name") == 0);
    CHECK(strcmp(m->out, "name_out,b,y") == 0);
    CHECK(!types_method(5000) && strcmp(types_method(0)->name, "check_version") == 0);
    CHECK(strcmp(types_error_name(TYPES_ERROR_LAST), "LAST") == 0);
    CHECK(strcmp(types_error_name(2), "?") == 0);
    CHECK(TYPES_EVENT_CHANGED == 1 && TYPES_EVENT_STREAM(3) == 1u << 11);
    CHECK(TYPES_EVENT_GONE == 1ull << 63 && TYPES_NEGATIVE == -4 && TYPES_SMALL == 3);
}

int main(void)
{
    fake_server = serve;
    harness_hostile = true;
    labels();
    words();
    named();
    structs_in_words();
    strings();
    elements();
    windows();
    handle_checks();
    stub_arguments();
    small_buffers();
    careless_server();
    replies();
    names();
    CHECK(served > 8);
    printf("ok\n");
    return 0;
}
