/*
 * The run's configuration: lines "key value", values percent-encoded.
 */
#define _GNU_SOURCE
#include "stage1.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void decode(char *text)
{
    char *out = text, digits[3] = "";

    for (; *text; text++)
        if (*text == '%' && text[1] && text[2]) {
            memcpy(digits, text + 1, 2);
            *out++ = (char)strtol(digits, NULL, 16);
            text += 2;
        } else {
            *out++ = *text;
        }
    *out = '\0';
}

static void take(struct config *config, const char *key, char *value)
{
    static const char *const standard[] = {"stdin", "stdout", "stderr"};

    for (int n = 0; n < STANDARD_FDS; n++)
        if (!strcmp(key, standard[n]))
            config->standard[n] = value[0];
    if (!strcmp(key, "winsize"))
        sscanf(value, "%hu %hu", &config->rows, &config->columns);
    else if (!strcmp(key, "verbose"))
        config->verbose = value[0] == '1';
    decode(value);
    if (!strcmp(key, "cwd"))
        config->cwd = value;
    else if (!strcmp(key, "arg") && config->argc + 1 < ARGS_MAX)
        config->argv[config->argc++] = value;
    else if (!strcmp(key, "env") && config->envc + 1 < ARGS_MAX)
        config->env[config->envc++] = value;
}

void config_read(struct config *config, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0)
        give_up(path);
    char *text = calloc(1, (size_t)st.st_size + 1), *line;
    if (!text || read(fd, text, (size_t)st.st_size) != st.st_size)
        give_up(path);
    close(fd);
    config->cwd = "/";
    memset(config->standard, 'n', STANDARD_FDS);
    while ((line = strsep(&text, "\n"))) {
        char *key = strsep(&line, " ");
        if (line)
            take(config, key, line);
    }
}
