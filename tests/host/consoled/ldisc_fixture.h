/*
 * A line discipline on which the cases type and print, and what it shows and gives to a reader.
 */
#pragma once

#include "ldisc.h"

#include "tap.h"

static struct ldisc ld;
static char got[3 * LDISC_OUT_SIZE];

__attribute__((unused)) static void fresh(uint32_t iflag, uint32_t oflag, uint32_t lflag)
{
    struct ldisc_mode mode;

    ldisc_init(&ld);
    mode = ld.mode;
    mode.iflag = iflag;
    mode.oflag = oflag;
    mode.lflag = lflag;
    ldisc_set_mode(&ld, &mode);
}

__attribute__((unused)) static void begin(void)
{
    ldisc_init(&ld);
}

/* Changes single bits of the mode. */
__attribute__((unused)) static void with(uint32_t iflag, uint32_t lflag)
{
    struct ldisc_mode mode = ld.mode;

    mode.iflag |= iflag;
    mode.lflag |= lflag;
    ldisc_set_mode(&ld, &mode);
}

__attribute__((unused)) static void without(uint32_t iflag, uint32_t lflag)
{
    struct ldisc_mode mode = ld.mode;

    mode.iflag &= ~iflag;
    mode.lflag &= ~lflag;
    ldisc_set_mode(&ld, &mode);
}

__attribute__((unused)) static void set_cc(enum tty_cc which, uint8_t c)
{
    struct ldisc_mode mode = ld.mode;

    mode.cc[which] = c;
    ldisc_set_mode(&ld, &mode);
}

__attribute__((unused)) static size_t type(const char *text)
{
    return ldisc_input(&ld, (const uint8_t *)text, strlen(text));
}

/* Types one byte at a time, as a person does. */
__attribute__((unused)) static void keys(const char *text)
{
    for (; *text; text++)
        ldisc_input(&ld, (const uint8_t *)text, 1);
}

__attribute__((unused)) static size_t print(const char *text)
{
    return ldisc_write(&ld, (const uint8_t *)text, strlen(text));
}

/* What has been shown since the last time. */
__attribute__((unused)) static const char *shown(void)
{
    const uint8_t *bytes;
    size_t n, total = 0;

    while ((n = ldisc_output(&ld, &bytes)) != 0 && total + n < sizeof got) {
        memcpy(got + total, bytes, n);
        total += n;
        ldisc_output_done(&ld, n);
    }
    got[total] = 0;
    return got;
}

__attribute__((unused)) static bool shows(const char *text)
{
    if (strcmp(shown(), text) == 0)
        return true;
    printf("# shown: ");
    for (const char *c = got; *c; c++)
        printf((uint8_t)*c < 32 || (uint8_t)*c > 126 ? "\\x%02x" : "%c", (uint8_t)*c);
    printf("\n");
    return false;
}

__attribute__((unused)) static bool reads_n(const char *text, size_t room)
{
    static uint8_t buffer[2 * LDISC_IN_SIZE];
    long n = ldisc_read(&ld, buffer, room);

    if (n == (long)strlen(text) && memcmp(buffer, text, strlen(text)) == 0)
        return true;
    printf("# read %ld: %.*s\n", n, n > 0 ? (int)n : 0, (char *)buffer);
    return false;
}

__attribute__((unused)) static bool reads(const char *text)
{
    return reads_n(text, 2 * LDISC_IN_SIZE);
}

__attribute__((unused)) static bool blocks(void)
{
    uint8_t c;

    return !ldisc_readable(&ld) && ldisc_read(&ld, &c, 1) == LDISC_WOULD_BLOCK;
}
