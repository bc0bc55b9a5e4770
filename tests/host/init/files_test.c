/*
 * Proves that init reads the boot image's directory, its configuration and its manifest as they are
 * written, and refuses damaged ones without touching memory that is not theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "bootimage.h"
#include "check.h"
#include "config.h"
#include "manifest.h"
#include <jg/thread.h>

static struct config config;
static struct manifest manifest;

/* Parses a copy of exactly that size, so that reading past it is seen. */
static bool parse_config(const char *text, size_t size)
{
    static char *store;
    char *copy = malloc(size + 1);
    bool good;

    memcpy(copy + 1, text, size);
    free(store);
    store = malloc(size + 1);
    good = config_parse(&config, copy + 1, size, store);
    free(copy);
    return good;
}

static bool refuses_config(const char *text)
{
    return !parse_config(text, strlen(text)) && config.problem[0];
}

static void configurations(void)
{
    static const char good[] = "personality template\narg sh\narg -c\narg exit%207\narg \n"
                               "env A=b%25\nenv U=%C3%BC\ncwd /root\nstdin stream\nstdout tty\n"
                               "stderr null\nwinsize 25 80\nkernel x\nverbose 1\nunknown y\n";

    CHECK(parse_config(good, sizeof good - 1));
    CHECK(!strcmp(config.personality, "template") && config.argc == 4 && config.envc == 2);
    CHECK(!strcmp(config.arg[0], "sh") && !strcmp(config.arg[2], "exit 7") && !*config.arg[3]);
    CHECK(!strcmp(config.env[0], "A=b%") && !strcmp(config.env[1], "U=\xc3\xbc"));
    CHECK(config.stdio[0] == CONFIG_STREAM && config.stdio[1] == CONFIG_TTY);
    CHECK(config.stdio[2] == CONFIG_NULL && config.rows == 25 && config.columns == 80);
    CHECK(!strcmp(config.cwd, "/root") && config.option_count == 1 && !strcmp(config.option[0], "x"));
    CHECK(parse_config("", 0) && !strcmp(config.personality, "linux") && !strcmp(config.cwd, "/"));
    CHECK(parse_config("arg x", 5) && !strcmp(config.arg[0], "x"));
    CHECK(refuses_config("stdin socket\n") && refuses_config("winsize 25\n"));
    CHECK(refuses_config("winsize 25 65536\n") && refuses_config("arg %4\n"));
    CHECK(refuses_config("kernel 012345678901234567890123\n"));
    CHECK(refuses_config("arg %00\n") && refuses_config("arg %zz\n") && refuses_config("arg %"));
    CHECK(refuses_config("personality 0123456789012345678901234567890123456789\n"));
    for (size_t n = 0; n < sizeof good; n++)
        parse_config(good, n);
}

static bool parse_manifest(const char *text)
{
    return manifest_parse(&manifest, text, strlen(text));
}

static void manifests(void)
{
    static char own[16384];
    FILE *f = fopen(MANIFEST, "r");

    CHECK(f);
    own[fread(own, 1, sizeof own - 1, f)] = 0;
    fclose(f);
    CHECK(parse_manifest(own));
    CHECK(manifest_find(&manifest, "consoled", false) && manifest_find(&manifest, "vfsd", false));
    CHECK(!strcmp(manifest_find(&manifest, "linux", true)->binary, "bin/linuxserver"));
    CHECK(!manifest_find(&manifest, "linux", false) && !manifest_find(&manifest, "vfsd", true));

    CHECK(parse_manifest("# nothing\n\nserver a # b\n priority driver\n ports p 0x3f8 8\n dma d\n"));
    CHECK(manifest.count == 1 && manifest.server[0].priority == JG_PRIORITY_DRIVER);
    CHECK(manifest.server[0].grant_count == 2 && manifest.server[0].grant[0].base == 0x3f8);
    CHECK(!strcmp(manifest.server[0].binary, "bin/a") && !manifest.server[0].personality);
    CHECK(!parse_manifest("priority server\n") && !parse_manifest("server\n"));
    CHECK(!parse_manifest("server a\nports p 0x3f8\n") && !parse_manifest("server a b\n"));
    CHECK(!parse_manifest("server a\nwings 2\n") && !parse_manifest("server a\nreserve -1\n"));
    CHECK(!parse_manifest("server a\nreserve 18446744073709551616\n"));
    CHECK(!parse_manifest("server 01234567890123456789012345678901\n"));
    CHECK(strstr(manifest.problem, "line 1"));
    for (size_t n = 0; n < strlen(own); n++)
        manifest_parse(&manifest, own, n);
}

static void images(void)
{
    static union {
        struct jg_boot_image head;
        char bytes[3 * 4096];
    } i, bad;

    memcpy(i.head.magic, JG_BOOT_MAGIC, 8);
    i.head.count = 2;
    i.head.header_bytes = 4096;
    i.head.section[0] = (struct jg_boot_section){"manifest", 4096, 5000, 0};
    i.head.section[1] = (struct jg_boot_section){"config", 12288, 0, 0};
    CHECK(!bootimage_check(&i.head, sizeof i));
    struct bootimage image = {0, &i.head, sizeof i};
    CHECK(bootimage_find(&image, "config") == &i.head.section[1] && !bootimage_find(&image, "conf"));
    CHECK(bootimage_data(&image, &i.head.section[0]) == i.bytes + 4096);

#define REFUSED(change)                                                                            \
    do {                                                                                           \
        bad = i;                                                                                   \
        change;                                                                                    \
        CHECK(bootimage_check(&bad.head, sizeof bad));                                             \
    } while (0)
    REFUSED(bad.head.magic[0] = 'X');
    REFUSED(bad.head.count = 64);
    REFUSED(bad.head.header_bytes = 140);
    REFUSED(bad.head.header_bytes = 0x10000);
    REFUSED(bad.head.section[0].offset = 4097);
    REFUSED(bad.head.section[0].offset = 0);
    REFUSED(bad.head.section[0].size = 8193);
    REFUSED(bad.head.section[1].offset = 16384);
    REFUSED(bad.head.section[1].size = UINT64_MAX);
    CHECK(bootimage_check(&i.head, 8) && bootimage_check(&i.head, 4096));
}

int main(void)
{
    configurations();
    manifests();
    images();
    return 0;
}
