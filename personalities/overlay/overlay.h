/*
 * The frame of a personality that stands above Linux: trace, fault and sandbox are made of it.
 *
 * It is one server with one thread. It keeps a record of each program thread that has it as a level, learns
 * the thread's ids by calls of its own, and asks the personality's `overlay_ops` what becomes of each call.
 * The words of calls are x86-64 Linux's: arguments 0 to 5, number 6 (abi/jg/call.h).
 */
#pragma once

#include <jg/call.h>
#include <jg/rt/list.h>
#include <jg/rt/startup.h>
#include <jg/types.h>

/* A program's thread. A personality's own record begins with it. */
struct overlay_thread {
    struct list link;
    jg_handle_t thread;
    jg_token_t token; /* while it is held in a trap here */
    int tid, pid;     /* 0 until they are known: before its first call is shown */
    int parent;       /* tid of the thread that made it, 0: this one asked for the level */
    int phase;        /* the frame's: which call of its own is under way */
    bool diverting;   /* the frame's: a signal or fault is with the levels below */
    uint64_t call[JG_CALL_WORDS]; /* the program's call, while it is under way */
};

/* What becomes of a call, a result or a signal. */
enum overlay_answer {
    OVERLAY_PASS,   /* to the level below */
    OVERLAY_SEE,    /* the same, and the result is shown to result() */
    OVERLAY_RESULT, /* the program gets *value; nobody below hears of it. Of a result: *value replaces it */
    OVERLAY_AGAIN,  /* of a result only: thread->call is made, as another call; its result is shown, too */
};

struct overlay_ops {
    const char *name;
    size_t record; /* bytes of a thread's record, zero at first */
    /* One option "key=value" or "key" (value is NULL). False: it makes no sense, see overlay_problem(). */
    bool (*option)(char *key, char *value);
    /* All options have been taken. May be NULL. False: see overlay_problem(). */
    bool (*ready)(void);
    /* A thread has come, and has not run yet. May be NULL. */
    void (*born)(struct overlay_thread *thread);
    /* A call; thread->call may be changed. */
    enum overlay_answer (*call)(struct overlay_thread *thread, int64_t *value);
    /*
     * What the call came to. `replaced`: the registers are others now (a signal's handler, a return from one, exec),
     * *value is in none of them and cannot be changed. May be NULL.
     */
    enum overlay_answer (*result)(struct overlay_thread *thread, int64_t *value, bool replaced);
    /* The thread goes on with other registers than its own, not because of a call: a signal. May be NULL. */
    void (*diverted)(struct overlay_thread *thread);
    /* The thread has ended; `thread` and its ids are still there. May be NULL. */
    void (*ended)(struct overlay_thread *thread);
};

/* Runs the server: never returns while a thread is left. Returns the exit code. */
int overlay_main(const struct jg_startup *startup, const struct overlay_ops *ops);

/* Says what is wrong with an option, one sentence; for option() and ready(). Returns false. */
bool overlay_problem(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Reads the program's memory. The thread is held here. Returns how many of `size` bytes could be read, fewer
 * only because of memory that is not there.
 */
size_t overlay_read(const struct overlay_thread *thread, uint64_t address, void *buffer, size_t size);

/*
 * Reads a string, up to its zero or `size` - 1 bytes, and terminates it. Returns its length, -1 when its first byte cannot
 * be read; *whole tells whether its zero was found.
 */
int64_t overlay_read_string(const struct overlay_thread *thread, uint64_t address, char *buffer,
                          size_t size, bool *whole);

/* Writes the program's memory, all of it or nothing. Returns whether it was there. */
bool overlay_write(const struct overlay_thread *thread, uint64_t address, const void *buffer, size_t size);

/* The record of a thread id, or NULL. */
struct overlay_thread *overlay_find(int tid);
