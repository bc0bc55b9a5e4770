/* Text formatting into a bounded buffer. */
#include <core/format.h>
#include <core/string.h>

struct out {
    char *buffer;
    size_t size, length;
};

struct spec {
    bool left, zero, upper;
    int width, precision;
};

static void put(struct out *o, char c)
{
    if (o->length + 1 < o->size)
        o->buffer[o->length] = c;
    o->length++;
}

static void put_padded(struct out *o, const struct spec *s, const char *text, size_t n)
{
    int pad = s->width - (int)n;

    if (!s->left)
        for (; pad > 0; pad--)
            put(o, ' ');
    for (size_t i = 0; i < n; i++)
        put(o, text[i]);
    for (; pad > 0; pad--)
        put(o, ' ');
}

static void put_number(struct out *o, const struct spec *s, uint64_t value, unsigned base, bool minus)
{
    const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[40];
    size_t at = sizeof text;

    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value);
    if (s->zero && !s->left)
        while (at > 1 && sizeof text - at + minus < (size_t)s->width)
            text[--at] = '0';
    if (minus)
        text[--at] = '-';
    put_padded(o, s, text + at, sizeof text - at);
}

static int read_number(const char **f, va_list list)
{
    int n = 0;

    if (**f == '*') {
        ++*f;
        return va_arg(list, int);
    }
    while (**f >= '0' && **f <= '9')
        n = n * 10 + *(*f)++ - '0';
    return n;
}

static const char *one(struct out *o, const char *f, va_list list)
{
    struct spec s = {.precision = -1};
    bool is_long = false;
    const char *text;
    int64_t value;
    char c;

    for (; *f == '-' || *f == '0'; f++)
        if (*f == '-')
            s.left = true;
        else
            s.zero = true;
    s.width = read_number(&f, list);
    if (*f == '.') {
        f++;
        s.precision = read_number(&f, list);
    }
    for (; *f == 'l' || *f == 'z'; f++)
        is_long = true;

    switch (*f) {
    case 'd':
    case 'i':
        value = is_long ? va_arg(list, int64_t) : va_arg(list, int);
        put_number(o, &s, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
        break;
    case 'u':
        put_number(o, &s, is_long ? va_arg(list, uint64_t) : va_arg(list, unsigned), 10, false);
        break;
    case 'X':
    case 'x':
        s.upper = *f == 'X';
        put_number(o, &s, is_long ? va_arg(list, uint64_t) : va_arg(list, unsigned), 16, false);
        break;
    case 'p':
        put(o, '0');
        put(o, 'x');
        put_number(o, &s, (uintptr_t)va_arg(list, void *), 16, false);
        break;
    case 's':
        text = va_arg(list, const char *);
        text = text ? text : "(null)";
        put_padded(o, &s, text, s.precision < 0 ? strlen(text) : strnlen(text, (size_t)s.precision));
        break;
    case 'c':
        c = (char)va_arg(list, int);
        put_padded(o, &s, &c, 1);
        break;
    case 0:
        return f;
    default:
        put(o, *f);
    }
    return f + 1;
}

size_t format_list(char *buffer, size_t size, const char *format, va_list list)
{
    struct out o = {buffer, size, 0};
    va_list copy;

    va_copy(copy, list);
    while (*format)
        if (*format == '%')
            format = one(&o, format + 1, copy);
        else
            put(&o, *format++);
    va_end(copy);
    if (size)
        buffer[MIN(o.length, size - 1)] = 0;
    return o.length;
}

size_t format_string(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    size_t n;

    va_start(list, format);
    n = format_list(buffer, size, format, list);
    va_end(list);
    return n;
}
