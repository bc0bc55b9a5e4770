/*
 * Gives hostile messages to the decoders of an interface: calls to the dispatcher (FUZZ_CALLS 1), or
 * replies to the stubs (FUZZ_CALLS 0).
 *
 * Input: a choice byte, the 8 words of a call or the random numbers of a reply, then the window.
 * Built once for each interface: HARNESS is the header that ipcgen-harness made for it.
 */
#include HARNESS

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_handles(struct jg_call_ext *ext, unsigned count)
{
    for (unsigned i = 0; i < count && i < JG_CALL_HANDLES; i++) {
        uint32_t type = 1 + (uint32_t)harness_random() % JG_TYPE_RESOURCE;
        jg_rights_t rights = (jg_rights_t)harness_random() & JG_RIGHTS_ALL;

        ext->send[i] = (struct jg_handle_send){fake_handle(type, rights), JG_RIGHTS_SAME};
        ext->send_count = i + 1;
    }
}

static void fuzz_dispatcher(uint8_t choice, const struct harness_method *method,
                            const uint8_t *data, size_t size)
{
    static uint8_t out[1 << 17];
    struct jg_message m = {0};
    struct jg_message reply;
    struct jg_call_ext ext;
    size_t words = size < sizeof m.word ? size : sizeof m.word;
    char *in;

    memset(&ext, 0, sizeof ext);
    harness_bytes(NULL, 0);
    harness_seed(choice);
    method->prepare();
    m.info = choice & 8 ? method->number : choice;
    memcpy(m.word, data, words);
    data += words;
    size -= words;
    in = malloc(size + 1); /* exact, so that a sanitiser sees the byte behind it */
    CHECK(in);
    memcpy(in, data, size);
    if (choice & 16) {
        memset(m.word, 0, sizeof m.word);
        m.word[0] = size;
        m.word[1] = choice & 32 ? 100 : 0;
    }
    ext.in = (uintptr_t)in;
    ext.in_size = size;
    ext.out = (uintptr_t)out;
    ext.out_size = choice & 64 ? sizeof out : choice;
    ext.received_count = JG_CALL_HANDLES;
    if (choice & 4)
        add_handles(&ext, (choice >> 4) & 7);
    harness_late = choice & 2;
    CHECK(fake_deliver(&m, &ext, &reply) == JG_OK);
    harness_late = false;
    CHECK(reply.info >> 32 == 0);
    for (uint32_t i = 0; i < ext.received_count; i++)
        jg_handle_close(ext.received[i].handle);
    CHECK(fake_open_handles() == 0);
    free(in);
}

static void fuzz_stub(const struct harness_method *method, const uint8_t *data, size_t size)
{
    size_t choices = size < 96 ? size : 96;

    fake_reply_bytes = data + choices;
    fake_reply_size = size - choices;
    harness_seed(size);
    harness_bytes(data, choices);
    method->round();
    harness_bytes(NULL, 0);
    fake_reply_bytes = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = sizeof harness_methods / sizeof harness_methods[0];

    if (size < 2)
        return 0;
    harness_hostile = true;
    fake_server = harness_serve;
    if (FUZZ_CALLS)
        fuzz_dispatcher(data[0], &harness_methods[data[1] % count], data + 2, size - 2);
    else
        fuzz_stub(&harness_methods[data[1] % count], data + 2, size - 2);
    return 0;
}
