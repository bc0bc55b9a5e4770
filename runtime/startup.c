/*
 * Start of a native server, and what it was given.
 *
 * In:   startup_begin() from _start; startup_handle(), startup_value(), startup_list() from
 *       anywhere.
 * Life: the list lies above the first thread's stack and stays for as long as the process.
 */
#include <jg/rt/startup.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

static const struct jg_startup *given;

_Noreturn void startup_begin(const struct jg_startup *startup);

/* Called once by _start, on the first thread. */
_Noreturn void startup_begin(const struct jg_startup *startup)
{
    given = startup;
    jg_process_exit(server_main(startup));
}

static const struct jg_startup_entry *find(const struct jg_startup *startup, const char *name)
{
    for (uint32_t i = 0; i < startup->count; i++)
        if (!strncmp(startup->entry[i].name, name, JG_STARTUP_NAME_MAX))
            return &startup->entry[i];
    return NULL;
}

jg_handle_t startup_handle(const struct jg_startup *startup, const char *name)
{
    const struct jg_startup_entry *e = find(startup, name);

    return e ? e->handle : JG_HANDLE_NONE;
}

uint64_t startup_value(const struct jg_startup *startup, const char *name)
{
    const struct jg_startup_entry *e = find(startup, name);

    return e ? e->value : 0;
}

const struct jg_startup *startup_list(void)
{
    return given;
}
