/*
 * A personality that starts its first program in name only, and ends: what init makes of that is
 * the test.
 */
#include <ipc/personality_server.h>
#include <jg/rt/startup.h>

enum { CODE = 3 };
static bool launched;

static int32_t op_launch(struct personality_call *call, const struct personality_standard *io,
                         uint32_t argc, uint32_t envc, struct jg_window text, char *problem,
                         size_t problem_size, size_t *problem_length)
{
    (void)call, (void)io, (void)argc, (void)envc, (void)text, (void)problem, (void)problem_size;
    *problem_length = 0;
    launched = true;
    return 0;
}

int server_main(const struct jg_startup *startup)
{
    static const struct personality_ops ops = {.launch = op_launch};
    jg_handle_t port = startup_handle(startup, "events");
    struct jg_message reply = {0};
    struct jg_received in;

    jg_channel_bind(startup_handle(startup, "control"), port, 0);
    while (!launched && jg_reply_wait(port, JG_TOKEN_NONE, &reply, &in) == JG_OK) {
        personality_dispatch(&ops, NULL, &in, &reply);
        jg_reply(in.token, &reply);
        reply = (struct jg_message){0};
    }
    return CODE;
}
