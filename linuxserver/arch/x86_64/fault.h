/* The last fault of a thread, as the frames of x86-64's handlers show it. */
#pragma once

#include <stdint.h>

struct machine_fault {
    uint64_t number, error, address; /* trapno, err, cr2 of struct sigcontext */
};
