/*
 * vfsd: names, attributes and the memory of files (libipc/idl/vfs.idl).
 *
 * Life:    makes two empty trees, serves init's session ("control"), through which init fills the
 *          trees and opens sessions for others; serves all of them until it is killed.
 * Handles: "job" (accounts for tmpfs), "control", "control_event"; one port; the two handles of
 *          each session; one VMO for each regular file that ever had content, and one for the words
 *          of all. Nothing else.
 */
#include "server.h"

#include "devices.h"
#include "words.h"

#include <ipc/vfs_server.h>
#include <jg/rt/log.h>
#include <jg/rt/startup.h>
#include <jg/stubs.h>

static struct server server;

/* The page that sessions map: ours to write, theirs to read. */
static bool publish_words(void)
{
    int64_t page = jg_vmo_create(JG_PAGE_SIZE, 0, JG_HANDLE_NONE);
    struct jg_map map = {
        .vmo = (jg_handle_t)page,
        .length = JG_PAGE_SIZE,
        .prot = JG_PROT_READ | JG_PROT_WRITE,
        .max_prot = JG_PROT_READ | JG_PROT_WRITE,
        .flags = JG_MAP_ANYWHERE | JG_MAP_COMMIT,
    };

    _Static_assert(VFS_WORDS * sizeof(uint64_t) == JG_PAGE_SIZE, "they fill a page");
    if (page < 0 || jg_aspace_map(JG_HANDLE_NONE, &map) < 0)
        return false;
    words_publish((uint64_t *)map.va);
    server.words = (jg_handle_t)page;
    return true;
}

static _Noreturn void serve(void)
{
    struct jg_message reply = {0};
    struct jg_received in;
    jg_token_t token = JG_TOKEN_NONE;

    for (;;) {
        jg_status_t status = jg_reply_wait(server.port, token, &reply, &in);

        token = JG_TOKEN_NONE;
        reply = (struct jg_message){0};
        if (status == JG_ERR_INTERRUPTED || status == JG_ERR_BAD_TOKEN)
            continue;
        if (status != JG_OK)
            rt_panic("cannot receive: %d", status);
        switch (JG_INFO_KIND(in.info)) {
        case JG_KIND_CALL:
            token = vfs_dispatch(&server_ops, &server, &in, &reply);
            break;
        case JG_KIND_CLOSED:
            server_closed(&server, in.key);
            break;
        }
        server_tell_notices(&server);
    }
}

int server_main(const struct jg_startup *startup)
{
    jg_handle_t control = startup_handle(startup, "control");
    int64_t port = jg_port_create();
    int32_t error;

    if (port < 0 || !control)
        rt_panic("cannot start: no port or no control session");
    server.port = (jg_handle_t)port;
    if (!publish_words())
        rt_panic("cannot start: no memory");
    error = trees_create(&server.vfsd);
    if (!error)
        error = server_open(&server, &server.vfsd.user, false, true, control,
                            startup_handle(startup, "control_event"));
    if (error)
        rt_panic("cannot start: error %d", error);
    serve();
}
