/* Gives any bytes to the parser and the checks, and whatever passes to the emitters. */
#include <stdlib.h>
#include <string.h>

#include "../ipcgen/emit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit_all(const struct idl *idl)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return;
    emit_client(f, idl);
    emit_server(f, idl);
    fclose(f);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct diag diag = {.arena = &arena, .path = "fuzz"};
    char *text = malloc(size + 1); /* exact, so that a sanitiser sees the byte behind it */
    struct idl *idl;

    if (!text)
        return 0;
    memcpy(text, data, size);
    diag.text = text;
    diag.len = size;
    idl = idl_parse(&arena, "fuzz", text, size, &diag);
    idl_check(idl, &diag);
    if (diag.count == 0)
        emit_all(idl);
    arena_free(&arena);
    free(text);
    return 0;
}
