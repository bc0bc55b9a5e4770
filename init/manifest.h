/*
 * The manifest: which servers there are and what each is given. The only name service.
 */
#pragma once

#include <jg/device.h>
#include <jg/startup.h>

#define MANIFEST_SERVERS_MAX 16u
#define MANIFEST_GRANTS_MAX  12u

/* A resource that a server gets, under `name` in its start-up list. */
struct manifest_grant {
    char name[JG_STARTUP_NAME_MAX];
    uint32_t kind; /* JG_RESOURCE_* */
    uint64_t base, size;
};

struct manifest_server {
    char name[JG_NAME_MAX];
    char binary[40]; /* section of the boot image */
    char first[64];  /* personality: the program that runs the user's, or "" */
    bool personality;
    bool level;      /* personality: stands above another, when a program asks for it */
    unsigned priority; /* JG_PRIORITY_* */
    uint64_t reserve;  /* frames */
    uint32_t grant_count;
    struct manifest_grant grant[MANIFEST_GRANTS_MAX];
};

struct manifest {
    uint32_t count;
    struct manifest_server server[MANIFEST_SERVERS_MAX];
    char problem[128]; /* after manifest_parse() returned false */
};

/* Reads a manifest (init/manifest tells the form). Returns false with one clause in m->problem. */
bool manifest_parse(struct manifest *m, const char *text, size_t size);

/* Finds a server or, with `personality`, a personality. Returns NULL when there is none. */
const struct manifest_server *manifest_find(const struct manifest *m, const char *name,
                                            bool personality);
