/*
 * The configuration of one run: what ./jargoon was asked for.
 */
#pragma once

#include <jg/types.h>

#define CONFIG_STRINGS_MAX 512u /* arguments, and environment strings */
#define CONFIG_NAME_MAX    40u
#define CONFIG_OPTIONS_MAX 8u
#define CONFIG_OPTION_MAX  24u /* a name in the start-up list: JG_STARTUP_NAME_MAX */

/* How one of the standard descriptors is connected. */
enum config_stdio { CONFIG_TTY, CONFIG_STREAM, CONFIG_NULL };

struct config {
    char personality[CONFIG_NAME_MAX];
    const char *levels; /* personalities above it, or NULL */
    const char *cwd;
    enum config_stdio stdio[3];
    uint16_t rows, columns;
    uint32_t argc, envc, option_count;
    char option[CONFIG_OPTIONS_MAX][CONFIG_OPTION_MAX]; /* test options, for the personality */
    const char *arg[CONFIG_STRINGS_MAX];
    const char *env[CONFIG_STRINGS_MAX];
    char problem[128]; /* what is wrong with it, after config_parse() returned false */
};

/*
 * Reads lines `key value`, values %-encoded, from `text`; keys that init does not know are others'.
 *
 * Strings are kept in `store`, which must hold `size` bytes and live as long as `config`.
 * Returns false with one clause in config->problem.
 */
bool config_parse(struct config *config, const char *text, size_t size, char *store);
