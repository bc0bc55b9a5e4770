/*
 * Processes: threads, a handle table and an address space.
 *
 * Life:  NEW until its first thread starts, then ALIVE (and holding itself) until its last started thread
 *        ends or it is killed. Killing only marks it and puts it on a list; object_settle() buries it, so
 *        that no chain of deaths recurses.
 * Locks: the big lock.
 */
#pragma once

#include <core/list.h>
#include <object/handle.h>

struct memory; /* object/memory.h */
struct thread;

enum process_state {
    PROCESS_NEW,
    PROCESS_ALIVE,
    PROCESS_ENDED, /* killed or left by its last thread; buried soon */
};

struct process {
    struct object object;
    uint8_t state;
    bool buried; /* threads, handles and address space are gone */
    char name[JG_NAME_MAX];
    int64_t exit_code;
    uint32_t started;    /* threads that have started and not ended */
    struct list threads; /* struct thread.in_process */
    struct list in_job;
    struct process *next_killed;
    struct memory *memory; /* its address space; a reference */
    struct handle_table handles;
    uint64_t run_ticks, server_ticks, faults; /* of the threads that have ended */
};

/*
 * Makes a process without threads.
 * Returns JG_OK with one reference in *out; JG_ERR_QUOTA, JG_ERR_NO_MEMORY, JG_ERR_BAD_STATE (job killed).
 */
jg_status_t process_create(struct job *job, struct memory *memory, const char *name,
                           struct process **out);

/* Marks it ended and has it buried; idempotent, the first code stays. */
void process_kill(struct process *process, int64_t code);

/* Buries one process that was killed; false if there is none. For object_settle(). */
bool process_bury_one(void);

/* Its first thread starts: it is alive, and holds itself. */
void process_started(struct process *process);

/*
 * execve: moves all its threads to another address space.
 * Returns JG_OK or JG_ERR_BAD_STATE: a thread is neither new nor held in a trap, or it has ended.
 */
jg_status_t process_set_memory(struct process *process, struct memory *memory);

/* Says which process is the first: its end is the end of the machine. */
void process_is_init(struct process *process);

/* The process that begins with this header; its type was checked. */
static inline struct process *process_of(struct object *object)
{
    return container_of(object, struct process, object);
}
