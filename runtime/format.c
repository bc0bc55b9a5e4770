/*
 * Formatted text.
 *
 * In:   rt_format(), rt_vformat(). No state, no allocation.
 */
#include <stdbool.h>
#include <stdint.h>

#include <jg/rt/format.h>
#include <jg/rt/string.h>

/* Where text goes; `length` counts also what did not fit. */
struct out {
    char *buffer;
    size_t size, length;
};

/* One conversion, as it was parsed. */
struct spec {
    bool left, zeros, negative;
    size_t width, precision; /* precision SIZE_MAX: none given */
    unsigned bits;           /* of the argument */
};

static void put(struct out *o, char c)
{
    if (o->length + 1 < o->size)
        o->buffer[o->length] = c;
    o->length++;
}

static void put_field(struct out *o, const struct spec *s, const char *text, size_t length)
{
    size_t sign = s->negative ? 1 : 0;
    size_t pad = s->width > length + sign ? s->width - length - sign : 0;

    if (!s->left && !s->zeros)
        for (size_t i = 0; i < pad; i++)
            put(o, ' ');
    if (sign)
        put(o, '-');
    if (!s->left && s->zeros)
        for (size_t i = 0; i < pad; i++)
            put(o, '0');
    for (size_t i = 0; i < length; i++)
        put(o, text[i]);
    if (s->left)
        for (size_t i = 0; i < pad; i++)
            put(o, ' ');
}

static void put_number(struct out *o, struct spec *s, uint64_t value, unsigned base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[80];
    size_t at = sizeof text;

    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value);
    if (s->precision != SIZE_MAX) {
        s->zeros = false;
        while (sizeof text - at < s->precision && at > 0)
            text[--at] = '0';
    }
    put_field(o, s, text + at, sizeof text - at);
}

static size_t parse_number(const char **at)
{
    size_t n = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++)
        n = n * 10 + (size_t)(**at - '0');
    return n;
}

/* The argument lists below are passed by pointer so that what is taken here is taken there too. */
static size_t parse_star(const char **at, va_list *args, bool *left)
{
    if (**at != '*')
        return parse_number(at);
    (*at)++;

    int n = va_arg(*args, int);

    if (n < 0) {
        *left = true;
        return (size_t)-(int64_t)n;
    }
    return (size_t)n;
}

static const char *parse_spec(const char *at, struct spec *s, va_list *args)
{
    bool no_precision = false;

    *s = (struct spec){.precision = SIZE_MAX, .bits = 32};
    for (; *at == '-' || *at == '0' || *at == '#'; at++) {
        s->left |= *at == '-';
        s->zeros |= *at == '0';
    }
    s->width = parse_star(&at, args, &s->left);
    if (*at == '.') {
        at++;
        s->precision = parse_star(&at, args, &no_precision);
        if (no_precision)
            s->precision = SIZE_MAX;
    }
    for (; *at == 'l' || *at == 'z' || *at == 'h'; at++)
        s->bits = *at == 'h' ? s->bits / 2 : 64;
    return at;
}

static uint64_t take_unsigned(const struct spec *s, va_list *args)
{
    uint64_t v = s->bits == 64 ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);

    return s->bits < 32 ? v & ((1u << s->bits) - 1) : v;
}

static void put_signed(struct out *o, struct spec *s, va_list *args)
{
    int64_t v = s->bits == 64 ? va_arg(*args, int64_t) : va_arg(*args, int);

    if (s->bits == 16)
        v = (int16_t)v;
    else if (s->bits == 8)
        v = (int8_t)v;
    s->negative = v < 0;
    put_number(o, s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, false);
}

static void put_string(struct out *o, struct spec *s, const char *text)
{
    s->zeros = false;
    if (!text)
        text = "(null)";
    put_field(o, s, text, s->precision == SIZE_MAX ? strlen(text) : strnlen(text, s->precision));
}

static void put_pointer(struct out *o, struct spec *s, uintptr_t value)
{
    put(o, '0');
    put(o, 'x');
    put_number(o, s, value, 16, false);
}

static void convert(struct out *o, struct spec *s, char kind, va_list *args)
{
    char c;

    switch (kind) {
    case 'd':
    case 'i':
        put_signed(o, s, args);
        return;
    case 'u':
        put_number(o, s, take_unsigned(s, args), 10, false);
        return;
    case 'x':
    case 'X':
        put_number(o, s, take_unsigned(s, args), 16, kind == 'X');
        return;
    case 'o':
        put_number(o, s, take_unsigned(s, args), 8, false);
        return;
    case 'p':
        put_pointer(o, s, (uintptr_t)va_arg(*args, void *));
        return;
    case 's':
        put_string(o, s, va_arg(*args, const char *));
        return;
    case 'c':
        c = (char)va_arg(*args, int);
        s->zeros = false;
        put_field(o, s, &c, 1);
        return;
    default:
        put(o, '%');
        if (kind != '%')
            put(o, kind);
    }
}

size_t rt_vformat(char *buffer, size_t size, const char *format, va_list list)
{
    struct out o = {buffer, size, 0};
    va_list args;

    va_copy(args, list);
    for (const char *at = format; *at; at++) {
        struct spec s;

        if (*at != '%') {
            put(&o, *at);
            continue;
        }
        at = parse_spec(at + 1, &s, &args);
        if (!*at)
            break;
        convert(&o, &s, *at, &args);
    }
    va_end(args);
    if (size)
        buffer[o.length < size ? o.length : size - 1] = 0;
    return o.length;
}

size_t rt_format(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    size_t n;

    va_start(args, format);
    n = rt_vformat(buffer, size, format, args);
    va_end(args);
    return n;
}
