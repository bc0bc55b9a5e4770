/*
 * ipcgen: one .idl in, NAME_client.h and NAME_server.h out.
 *
 *   ipcgen FILE.idl CLIENT.h SERVER.h
 *
 * Life:  read, parse, check; report every error and write nothing; else make both texts in memory
 * and only then write them, so that a failing run leaves no half of a header.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"

#define SOURCE_MAX (1u << 20)

static char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(SOURCE_MAX + 1);

    if (!f || !text) {
        fprintf(stderr, "ipcgen: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    *len = fread(text, 1, SOURCE_MAX + 1, f);
    if (ferror(f) || *len > SOURCE_MAX) {
        fprintf(stderr, "ipcgen: %s: unreadable, or larger than 1 MiB\n", path);
        exit(1);
    }
    fclose(f);
    return text;
}

static void write_header(const char *path, const struct idl *idl,
                         void (*emit)(FILE *, const struct idl *))
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    FILE *f;

    if (memory)
        emit(memory, idl);
    if (!memory || fclose(memory) != 0) {
        fprintf(stderr, "ipcgen: out of memory\n");
        exit(1);
    }
    f = fopen(path, "wb");
    if (!f || fwrite(text, 1, len, f) != len || fclose(f) != 0) {
        fprintf(stderr, "ipcgen: %s: %s\n", path, strerror(errno));
        remove(path);
        exit(1);
    }
    free(text);
}

int main(int argc, char **argv)
{
    struct arena arena = {0};
    struct diag diag = {.arena = &arena};
    struct idl *idl;
    char *text;

    if (argc != 4) {
        fprintf(stderr, "usage: ipcgen FILE.idl CLIENT.h SERVER.h\n");
        return 2;
    }
    text = read_file(argv[1], &diag.len);
    diag.path = argv[1];
    diag.text = text;
    idl = idl_parse(&arena, argv[1], text, diag.len, &diag);
    idl_check(idl, &diag);
    if (diag.count) {
        diag_print(&diag);
    } else {
        write_header(argv[2], idl, emit_client);
        write_header(argv[3], idl, emit_server);
    }
    arena_free(&arena);
    free(text);
    return diag.count ? 1 : 0;
}
