/*
 * A level that fails: after=N passes N calls and then dies of a bad access, or, with hang, answers no more.
 */
#include "overlay.h"

#include <jg/rt/string.h>

static uint64_t left = UINT64_MAX;
static bool hangs;

static bool option(char *key, char *value)
{
    if (!strcmp(key, "after") && value)
        for (left = 0; *value; value++)
            left = left * 10 + (uint64_t)(*value - '0');
    else if (!strcmp(key, "hang") && !value)
        hangs = true;
    else
        return false;
    return true;
}

static enum overlay_answer call(struct overlay_thread *thread, int64_t *value)
{
    (void)thread, (void)value;
    if (left--)
        return OVERLAY_PASS;
    while (hangs)
        continue;
    *(volatile int *)8 = 1;
    return OVERLAY_PASS;
}

int server_main(const struct jg_startup *startup)
{
    static const struct overlay_ops ops = {
        .name = "faltering", .record = sizeof(struct overlay_thread), .option = option, .call = call};

    return overlay_main(startup, &ops);
}
