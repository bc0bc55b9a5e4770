/*
 * init: starts the servers, mints their sessions, runs one first program, powers the machine off.
 *
 * In:    server_main(), from the kernel's first process.
 * Life:  boot image, manifest, consoled (from here on a failure can be told to the host),
 *        configuration, vfsd and its trees, the personality, the first program; then it only
 *        listens: the personality's event, or the death of a server. Every path ends in ending.c, but for
 *        the levels that programs ask for, which come and go (levels.c).
 * Calls: init calls servers and is called by none.
 */
#include <ipc/console_client.h>
#include <ipc/personality_client.h>
#include <ipc/vfs_client.h>
#include <jg/rt/heap.h>
#include <jg/rt/log.h>
#include <jg/rt/startup.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include "ending.h"
#include "init.h"
#include "levels.h"
#include "personality.h"

static struct init the_init;

void init_start_server(struct init *init, const struct manifest_server *manifest,
                       int32_t (*check)(jg_handle_t session), const struct loader_gift *extra,
                       uint32_t extra_count, struct server **started)
{
    struct server *s = &init->server[init->server_count];
    int64_t status;

    s->manifest = manifest;
    s->number = init->server_count;
    status = server_start(s, &init->maker, extra, extra_count);
    if (status == JG_ERR_NOT_FOUND)
        ending_fail(init, "the boot image has no section \"%s\"", manifest->binary);
    if (status < 0)
        ending_fail(init, "%s cannot be started: %s", manifest->name, status_text(status));
    init->server_count++;
    status = server_wait_ready(s, check);
    if (status < 0)
        ending_fail(init, "%s does not answer: %s", manifest->name, status_text(status));
    *started = s;
}

static const struct manifest_server *need_server(struct init *init, const char *name)
{
    const struct manifest_server *m = manifest_find(&init->manifest, name, false);

    if (!m)
        ending_fail(init, "the manifest does not name %s", name);
    return m;
}

/* What a run cannot do without, before anybody could be told that it is missing. */
static void open_image(struct init *init, const struct jg_startup *startup)
{
    jg_handle_t boot = startup_handle(startup, "boot");
    const char *problem = bootimage_open(&init->image, boot, startup_value(startup, "boot"));
    const struct jg_boot_section *section;
    int64_t port = jg_port_create();

    init->maker = (struct server_maker){
        .image = &init->image,
        .port = port < 0 ? JG_HANDLE_NONE : (jg_handle_t)port,
        .job = startup_handle(startup, "job"),
        .resource = startup_handle(startup, "resource"),
    };
    init->time = startup_handle(startup, "time");
    if (problem)
        ending_fail(init, "the boot image is unusable: %s", problem);
    if (port < 0)
        ending_fail(init, "init cannot make its port: %s", status_text(port));
    section = bootimage_find(&init->image, "manifest");
    if (!section)
        ending_fail(init, "the boot image has no section \"manifest\"");
    if (!manifest_parse(&init->manifest, bootimage_data(&init->image, section), section->size))
        ending_fail(init, "the manifest is damaged: %s", init->manifest.problem);
}

static void read_config(struct init *init)
{
    const struct jg_boot_section *section = bootimage_find(&init->image, "config");
    char *store = section ? rt_alloc(section->size + 1) : NULL;

    if (!section)
        ending_fail(init, "the boot image has no section \"config\"");
    if (!store)
        ending_fail(init, "init is out of memory");
    if (!config_parse(&init->config, bootimage_data(&init->image, section), section->size, store))
        ending_fail(init, "the configuration is damaged: %s", init->config.problem);
}

static void configure_console(struct init *init)
{
    const struct config *c = &init->config;
    struct console_winsize size = {.rows = c->rows, .cols = c->columns};
    uint32_t ttys = 0;
    int32_t error;

    for (unsigned i = 0; i < 3; i++)
        ttys |= c->stdio[i] == CONFIG_TTY ? 1u << i : 0;
    error = console_configure(init->console->control, &size, ttys);
    if (error)
        ending_fail(init, "consoled refuses its configuration (%d)", error);
}

static void unpack(struct init *init, const char *name, uint32_t kind)
{
    const struct jg_boot_section *section = bootimage_find(&init->image, name);
    char problem[257] = "";
    int64_t image;
    size_t length;
    int32_t error;

    if (!section)
        ending_fail(init, "the boot image has no section \"%s\"", name);
    image = jg_handle_duplicate(init->image.vmo, JG_RIGHTS_SAME);
    if (image < 0)
        ending_fail(init, "init cannot hand out the boot image: %s", status_text(image));
    error = vfs_unpack(init->vfs->control, (jg_handle_t)image, section->offset, section->size, kind,
                       problem, sizeof problem, &length);
    if (error == VFS_ERROR_NOMEM || error == VFS_ERROR_NOSPC || error == JG_ERR_NO_MEMORY)
        ending_fail(init, "there is too little memory for the file system \"%s\"", name);
    if (error < 0)
        ending_fail(init, "vfsd did not unpack \"%s\": %s", name, status_text(error));
    if (error)
        ending_fail(init, "the file system \"%s\" is damaged: %s", name,
                    *problem ? problem : "it cannot be read");
}

/* A server is gone: nothing that ran on it can go on. */
static _Noreturn void server_ended(struct init *init, unsigned number)
{
    char clause[128];

    server_describe_end(&init->server[number], clause, sizeof clause);
    if (init->console == &init->server[number])
        init->console = NULL;
    ending_fail(init, "%s", clause);
}

static _Noreturn void listen(struct init *init)
{
    static const struct jg_message none;
    struct jg_received r;
    jg_status_t status;
    unsigned number;

    for (;;) {
        status = jg_reply_wait(init->maker.port, JG_TOKEN_NONE, &none, &r);
        if (status == JG_ERR_INTERRUPTED)
            continue;
        if (status < 0)
            ending_fail(init, "init cannot wait: %s", status_text(status));
        number = (unsigned)(r.key & SERVER_KEY_NUMBER);
        if (r.key & SERVER_KEY_ENDED) {
            if (number < MANIFEST_SERVERS_MAX)
                server_ended(init, number);
            levels_ended(init, number);
        } else if (number == init->personality->number) {
            personality_check_status(init);
            levels_answer(init);
        }
    }
}

int server_main(const struct jg_startup *startup)
{
    struct init *init = &the_init;

    open_image(init, startup);
    init_start_server(init, need_server(init, "consoled"), console_check_version, NULL, 0,
                      &init->console);
    read_config(init);
    configure_console(init);
    init_start_server(init, need_server(init, "vfsd"), vfs_check_version, NULL, 0, &init->vfs);
    unpack(init, "root", VFS_ROOT_KIND_USER);
    unpack(init, "system", VFS_ROOT_KIND_SYSTEM);
    personality_start(init);
    bootimage_trim(&init->image, levels_need, init);
    levels_show(init);
    personality_launch_first(init);
    listen(init);
}
