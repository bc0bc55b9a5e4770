/*
 * Calls on the machine: log, randomness, power, and the two for tests.
 *
 * Locks: the big lock.
 */
#include <core/format.h>
#include <core/log.h>
#include <core/random.h>
#include <core/string.h>
#include <core/time.h>
#include <mm/reaper.h>
#include <object/dump.h>
#include <object/resource.h>
#include <syscall/syscall.h>

#define LINE_MAX     256u
#define LOG_READ_MAX 1024u

SYSCALL(log_write)
{
    char text[LINE_MAX], head[JG_NAME_MAX + 32];
    jg_time_t now = time_monotonic();
    size_t n;

    if (b > sizeof(text))
        b = sizeof(text);
    if (!copy_from_user(text, a, b))
        return JG_ERR_BAD_ADDRESS;
    while (b > 0 && text[b - 1] == '\n')
        b--;
    n = format_string(head, sizeof(head), "[%5ld.%06ld] %s: ", now / 1000000000,
                      now / 1000 % 1000000, t->process->name);
    log_write(head, n);
    log_write(text, b);
    log_write("\n", 1);
    return JG_OK;
}

SYSCALL(log_read)
{
    char text[LOG_READ_MAX];
    struct object *resource;
    uint64_t cursor, done = 0;
    jg_status_t status = get(t, a, JG_TYPE_RESOURCE, 0, &resource);

    if (status == JG_OK)
        status = resource_covers(resource_of(resource), JG_RESOURCE_LOG, 0, 0);
    if (status != JG_OK)
        return status;
    if (!copy_from_user(&cursor, b, sizeof(cursor)))
        return JG_ERR_BAD_ADDRESS;
    while (done < d) {
        size_t n = log_read(&cursor, text, MIN(d - done, sizeof(text)));

        if (n == 0)
            break;
        if (!copy_to_user(c + done, text, n))
            return JG_ERR_BAD_ADDRESS;
        done += n;
    }
    return copy_to_user(b, &cursor, sizeof(cursor)) ? (int64_t)done : JG_ERR_BAD_ADDRESS;
}

SYSCALL(random)
{
    uint8_t bytes[256];

    if (b > sizeof(bytes))
        return JG_ERR_OUT_OF_RANGE;
    random_bytes(bytes, b);
    return copy_to_user(a, bytes, b) ? JG_OK : JG_ERR_BAD_ADDRESS;
}

SYSCALL(system_power)
{
    struct object *resource;
    jg_status_t status = get(t, a, JG_TYPE_RESOURCE, 0, &resource);

    if (status == JG_OK)
        status = resource_covers(resource_of(resource), JG_RESOURCE_POWER, 0, 0);
    if (status != JG_OK)
        return status;
    if (b == JG_POWER_OFF)
        arch_power_off();
    if (b == JG_POWER_RESTART)
        arch_restart();
    return JG_ERR_INVALID_ARGS;
}

SYSCALL(system_quiesce)
{
    reaper_quiesce();
    return JG_OK;
}

SYSCALL(debug_dump)
{
    dump_threads();
    return JG_OK;
}
