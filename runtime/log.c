/*
 * Lines for the kernel's log.
 *
 * In:   rt_log(), rt_panic(). The line is built on the caller's stack.
 */
#include <jg/rt/format.h>
#include <jg/rt/log.h>
#include <jg/stubs.h>

#define LINE_MAX 256

static void log_line(const char *format, va_list args)
{
    char line[LINE_MAX + 1];
    size_t n = rt_vformat(line, sizeof line, format, args);

    jg_log_write(line, n < LINE_MAX ? n : LINE_MAX);
}

void rt_log(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(format, args);
    va_end(args);
}

void rt_panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    log_line(format, args);
    va_end(args);
    jg_process_exit(JG_ERR_INTERNAL);
}
