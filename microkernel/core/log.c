/*
 * The kernel's log: the console of the machine at once, and a ring that jg_log_read drains.
 *
 * State: `written` counts every byte ever logged; the ring holds the last RING_SIZE of them.
 */
#include <arch/cpu.h>
#include <core/format.h>
#include <core/log.h>
#include <core/string.h>

#define RING_SIZE 32768u
#define LINE_MAX 256u

static char ring[RING_SIZE];
static uint64_t written;

void log_write(const char *text, size_t length)
{
    arch_console_write(text, length);
    for (size_t i = 0; i < length; i++)
        ring[(written + i) % RING_SIZE] = text[i];
    written += length;
}

static void print_list(const char *format, va_list list)
{
    char line[LINE_MAX + 1];
    size_t n = MIN(format_list(line, sizeof line, format, list), LINE_MAX);

    line[n] = '\n';
    log_write(line, n + 1);
}

void log_print(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_list(format, list);
    va_end(list);
}

size_t log_read(uint64_t *cursor, char *buffer, size_t size)
{
    size_t n;

    if (*cursor > written || written - *cursor > RING_SIZE)
        *cursor = written > RING_SIZE ? written - RING_SIZE : 0;
    n = MIN(size, written - *cursor);
    for (size_t i = 0; i < n; i++)
        buffer[i] = ring[(*cursor + i) % RING_SIZE];
    *cursor += n;
    return n;
}

void panic(const char *format, ...)
{
    static bool again;
    va_list list;

    if (!again) {
        again = true;
        log_write("kernel panic: ", 14);
        va_start(list, format);
        print_list(format, list);
        va_end(list);
    }
    arch_panic_stop();
}
