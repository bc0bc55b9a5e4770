/*
 * Packets: what waits in a port's queue. Each lies in the object that it tells of, so that raising one
 * never allocates and never fails.
 *
 * Locks: the big lock.
 */
#pragma once

#include <core/list.h>
#include <jg/types.h>

struct packet {
    struct list link; /* in port.queue when queued */
    uint64_t key;
    uint64_t word; /* EVENT: the bits raised since the last delivery */
    uint8_t kind;  /* enum jg_kind; CALL and TRAP: the packet is a struct thread's */
    bool queued;
};
