/* Runs the worked example of docs/ipc.md over the fake kernel. */
#include "fake.h"
#include <ipc/notes_server.h>

extern const struct notes_ops notes_ops;
int use_notes(jg_handle_t session);

static _Alignas(8) char pad[4096]; /* room for the example's own struct */

static jg_token_t serve(const struct jg_received *msg, struct jg_message *reply)
{
    return notes_dispatch(&notes_ops, pad, msg, reply);
}

int main(void)
{
    fake_server = serve;
    CHECK(use_notes(1) == 0);
    CHECK(fake_open_handles() == 0);
    return 0;
}
