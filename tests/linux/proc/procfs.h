/*
 * Helpers for the tests of /proc: paths, fields, places of a line.
 */
#pragma once

#include "test.h"

/* "/proc/PID/NAME", in a static buffer. */
__attribute__((unused)) static const char *of_pid(pid_t pid, const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return path;
}

/* The whole of "/proc/PID/NAME". */
__attribute__((unused)) static char *text_of(pid_t pid, const char *name)
{
    return test_read_file(of_pid(pid, name), NULL);
}

/* The number that follows `name` in a text; the case fails when it is not there. */
__attribute__((unused)) static long long number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    if (!at)
        FAIL("no %s in %s", name, text);
    return strtoll(at + strlen(name), NULL, 10);
}

/* Field `n` of stat, counted from 1 as proc(5) does; 3 and later. */
__attribute__((unused)) static unsigned long long stat_field(pid_t pid, int n)
{
    char *at = strrchr(text_of(pid, "stat"), ')');

    CHECK(at != NULL);
    at += 2;
    for (int i = 3; i < n && at; i++)
        at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
    CHECK(at != NULL);
    return strtoull(at, NULL, 10);
}

__attribute__((unused)) static char state_of(pid_t pid)
{
    char *at = strrchr(text_of(pid, "stat"), ')');

    CHECK(at != NULL);
    return at[2];
}

/* Waits up to two seconds until the process is in this state. */
__attribute__((unused)) static void wait_for_state(pid_t pid, char state)
{
    for (int i = 0; i < 200 && state_of(pid) != state; i++)
        test_sleep_ms(10);
    CHECK_EQ(state_of(pid), state);
}

/* The text of a link. */
__attribute__((unused)) static char *link_of(const char *path)
{
    static char text[4200];
    ssize_t n = readlink(path, text, sizeof text - 1);

    if (n < 0)
        FAIL("readlink %s", path);
    text[n] = '\0';
    return text;
}

__attribute__((unused)) static void become_nobody(void)
{
    CHECK_OK(setresgid(65534, 65534, 65534));
    CHECK_OK(setresuid(65534, 65534, 65534));
}

/* A child that does nothing until it is killed; end_child() does that. */
#define IDLE_CHILD() CHILD(for (;;) pause())

__attribute__((unused)) static void end_child(pid_t pid)
{
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}
