/* Operations of regular files and directories, for open.c. */
#pragma once

#include <file.h>

extern const struct file_ops regular_ops;
extern const struct file_ops directory_ops;
extern const struct file_ops path_ops; /* O_PATH: nothing but its name */
