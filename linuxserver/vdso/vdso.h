/*
 * The vDSO and the time page in programs' address spaces.
 */
#pragma once

#include <mm.h>

/*
 * Makes the memory objects. `time_page` is the kernel's, from init; without it (JG_HANDLE_NONE)
 * programs get no vDSO. Called once, before the first exec. Returns 0 or -ENOMEM.
 */
int vdso_start(jg_handle_t time_page);

/*
 * Maps both into a new address space. Returns where the image is (AT_SYSINFO_EHDR), 0 if there is
 * none, or -errno.
 */
int64_t vdso_map(struct mm *m);
