/*
 * The kernel's log on its way to the host's log port.
 *
 * In:    klog_send(), from time to time and before the end.
 */
#pragma once

#include "serial.h"

struct klog {
    jg_handle_t log; /* JG_RESOURCE_LOG, or none */
    uint64_t cursor;
};

/*
 * Sends what the kernel has logged, as far as the port takes it. Returns whether there was something.
 */
bool klog_send(struct klog *k, struct serial *s);
