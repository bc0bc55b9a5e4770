/*
 * What the frame of an overlay needs to know of Linux on x86-64.
 */
#pragma once

enum { NR_getpid = 39, NR_gettid = 186 };
