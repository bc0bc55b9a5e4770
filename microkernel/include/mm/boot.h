/* How arch/ hands RAM to the frame allocator at boot. */
#pragma once

#include <core/compiler.h>

/* The frame table exists and is zero; RAM ends below `top`. */
void frames_init(paddr_t top);

/* Gives the frames of [base, end), page aligned, never given before. They are not touched now. */
void frames_give(paddr_t base, paddr_t end);

/* Frames that were kept apart from boot on (the boot image) get one reference each and count from now on. */
void frames_adopt(paddr_t base, paddr_t end);
