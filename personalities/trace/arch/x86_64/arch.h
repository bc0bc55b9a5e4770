/*
 * What trace needs to know of Linux on x86-64, beside calls.def.
 */
#pragma once

enum { NR_exit = 60, NR_exit_group = 231 };
