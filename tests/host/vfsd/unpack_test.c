/*
 * Root images: what a good one makes, and that a bad one is refused with a reason, whatever is
 * wrong.
 */
#include "tap.h"
#include "world.h"

#include <jg/image.h>
#include <stdlib.h>
#include <unpack.h>

#define ROOM (1u << 16)
#define DATA 4096u * 2 /* where the builder puts the files' pages */

/* An image in the making. */
static struct {
    _Alignas(8) char bytes[ROOM];
    uint32_t count, index_bytes;
    uint64_t data_bytes;
} image;

static struct jg_root_record *add(const char *path, uint32_t mode, const char *link,
                                  const char *content)
{
    struct jg_root_record *r = (void *)(image.bytes + 64 + image.index_bytes);
    size_t path_len = strlen(path), link_len = link ? strlen(link) : 0;

    memset(r, 0, 68);
    r->record_bytes = (uint32_t)(68 + path_len + link_len + 7) & ~7u;
    r->mode = mode;
    r->uid = 3;
    r->gid = 4;
    r->mtime_sec = 1000000000;
    r->mtime_nsec = 5;
    r->path_len = (uint16_t)path_len;
    r->link_len = (uint16_t)link_len;
    memcpy(r->path, path, path_len);
    if (link)
        memcpy(r->path + path_len, link, link_len);
    if (content && *content) {
        r->size = strlen(content);
        r->data = image.data_bytes;
        memcpy(image.bytes + DATA + r->data, content, r->size);
        /* What must not be seen behind the end. */
        memset(image.bytes + DATA + r->data + r->size, 'x', 4096 - r->size % 4096);
        image.data_bytes += (r->size + 4095) / 4096 * 4096;
    }
    image.count++;
    image.index_bytes += r->record_bytes;
    return r;
}

static struct jg_root_image *head(void)
{
    return (void *)image.bytes;
}

static void begin(void)
{
    memset(&image, 0, sizeof image);
    add("", MODE_DIRECTORY | 0755, NULL, NULL);
}

static void finish(void)
{
    *head() = (struct jg_root_image){
        .magic = JG_ROOT_MAGIC,
        .count = image.count,
        .index_bytes = image.index_bytes,
        .data_offset = DATA,
        .total_bytes = DATA + image.data_bytes,
    };
}

static char problem[256];

/* Unpacks what `image.bytes` holds, as the first `size` bytes of a section at page 1. */
static int32_t run(uint64_t size)
{
    struct unpack_source source = {0, 4096, size};
    int32_t error;

    world_begin(false);
    pages_create(0, 0, &source.pages);
    host_write(source.pages, 4096, image.bytes, ROOM);
    error = unpack(&world_vfsd.user, &source, problem, sizeof problem);
    pages_close(source.pages);
    return error;
}

static void sample(void)
{
    begin();
    add("bin", MODE_DIRECTORY | 0755, NULL, NULL);
    add("bin/busybox", MODE_FILE | 0755, NULL, "#!busybox");
    add("bin/sh", MODE_LINK | 0777, "/bin/busybox", NULL);
    add("bin/hard", MODE_FILE | 0755, NULL, NULL)->link_to = 3;
    add("etc", MODE_DIRECTORY | 0700, NULL, NULL);
    add("etc/passwd", MODE_FILE | 0644, NULL, "root:x:0:0");
    add("etc/empty", MODE_FILE | 0600, NULL, "");
    add("null", MODE_CHARACTER | 0666, NULL, NULL)->rdev_minor = 9;
    finish();
}

TEST(a_good_image_makes_what_it_says)
{
    jg_handle_t pages;
    uint64_t node;
    char text[16] = "";

    sample();
    CHECK_EQ(run(head()->total_bytes), 0);
    CHECK_EQ(strcmp(w_list("/", 65536), "bin etc null"), 0);
    CHECK_EQ(strcmp(w_list("/bin", 65536), "busybox hard sh"), 0);
    CHECK_EQ(w_open("/bin/sh", VFS_WALK_READ, 0, &node), 0);
    CHECK_EQ(world_attr.size, 9);
    CHECK_EQ(world_attr.blocks, 8);
    CHECK_EQ(world_attr.nlink, 2);
    CHECK_EQ(world_attr.uid, 3);
    CHECK_EQ(world_attr.gid, 4);
    CHECK_EQ(world_attr.mtime, 1000000000000000005);
    CHECK_EQ(w_pages(node, &pages), 0);
    CHECK_EQ(host_read(pages, 0, text, 9), 0);
    CHECK_EQ(strcmp(text, "#!busybox"), 0);
    CHECK_EQ(host_write(pages, 12, "y", 1), 0); /* grows: what was cut off must not come back */
    CHECK_EQ(host_read(pages, 9, text, 4), 0);
    CHECK_EQ(memcmp(text, "\0\0\0y", 4), 0);
    CHECK_EQ(w_stat("/etc/empty", 0), 0);
    CHECK_EQ(world_attr.size, 0);
    CHECK_EQ(w_stat("/null", 0), 0);
    CHECK_EQ(world_attr.rdev_minor, 9);
    CHECK_EQ(w_stat("/etc", 0), 0);
    CHECK_EQ(world_attr.mtime, 1000000000000000005); /* not that of its last entry */
    CHECK_EQ(world_attr.nlink, 2);
    CHECK_EQ(w_stat("/", 0), 0);
    CHECK_EQ(world_attr.nlink, 4);
    CHECK_EQ(world_attr.uid, 3);
    CHECK(world_end());
}

TEST(a_tree_is_filled_once)
{
    struct unpack_source source = {0, 4096, 0};

    sample();
    CHECK_EQ(run(head()->total_bytes), 0);
    CHECK_EQ(unpack(&world_vfsd.user, &source, problem, sizeof problem), VFS_ERROR_BUSY);
    CHECK(world_end());
}

TEST(a_cut_image_is_refused)
{
    sample();
    for (uint64_t size = 0; size < head()->total_bytes; size += 37) {
        CHECK_EQ(run(size), VFS_ERROR_BADIMAGE);
        CHECK(strlen(problem) > 10);
        CHECK_EQ(strcmp(w_list("/", 65536), ""), 0);
        CHECK(world_end());
    }
}

/* Each row spoils one record of a sound image. */
TEST(each_lie_is_refused_with_its_reason)
{
    static const struct {
        const char *path, *link, *content;
        uint32_t mode;
        const char *reason;
    } rows[] = {
        {"no/dir", NULL, NULL, MODE_FILE, "comes before its directory"},
        {"bin/sh/x", NULL, NULL, MODE_FILE, "comes before its directory"},
        {"bin", NULL, NULL, MODE_DIRECTORY, "is there twice"},
        {"/abs", NULL, NULL, MODE_FILE, "has a name that cannot be"},
        {"a//b", NULL, NULL, MODE_FILE, "has a name that cannot be"},
        {"bin/", NULL, NULL, MODE_DIRECTORY, "has a name that cannot be"},
        {"bin/..", NULL, NULL, MODE_DIRECTORY, "has a name that cannot be"},
        {".", NULL, NULL, MODE_DIRECTORY, "has a name that cannot be"},
        {"l", NULL, NULL, MODE_LINK, "has a link's target"},
        {"l", "t", NULL, MODE_FILE, "has a link's target"},
        {"d", NULL, "content", MODE_DIRECTORY, "has content"},
        {"t", NULL, NULL, 0, "is of a type"},
        {"t", NULL, NULL, MODE_FILE | 0x10000, "has a mode"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sample();
        add(rows[i].path, rows[i].mode, rows[i].link, rows[i].content);
        finish();
        CHECK_EQ(run(head()->total_bytes), VFS_ERROR_BADIMAGE);
        if (!strstr(problem, rows[i].reason))
            printf("# row %zu: %s\n", i, problem);
        CHECK(strstr(problem, rows[i].reason));
        CHECK(world_end());
    }
}

TEST(content_stays_inside_and_is_nobody_elses)
{
    struct jg_root_record *r;

    sample();
    r = add("x", MODE_FILE, NULL, "abc");
    r->data = 0;
    finish();
    CHECK_EQ(run(head()->total_bytes), VFS_ERROR_BADIMAGE);
    CHECK(strstr(problem, "shares its content"));
    r->data = image.data_bytes;
    CHECK_EQ(run(head()->total_bytes), VFS_ERROR_BADIMAGE);
    CHECK(strstr(problem, "past the end"));
    r->data = UINT64_MAX - 4095;
    CHECK_EQ(run(head()->total_bytes), VFS_ERROR_BADIMAGE);
    r->data = image.data_bytes - 4096;
    r->size = UINT64_MAX;
    CHECK_EQ(run(head()->total_bytes), VFS_ERROR_BADIMAGE);
    r->size = 3;
    CHECK_EQ(run(head()->total_bytes), 0);
    r->link_to = 99;
    CHECK_EQ(run(head()->total_bytes), VFS_ERROR_BADIMAGE);
    r->link_to = 1;
    CHECK_EQ(run(head()->total_bytes), VFS_ERROR_BADIMAGE);
    r->link_to = 3;
    CHECK_EQ(run(head()->total_bytes), 0);
    CHECK(world_end());
}

/* Random bytes in head and index: any answer will do, but nothing may break or be left behind. */
TEST(noise_is_survived)
{
    unsigned good = 0;

    srand(1);
    for (unsigned i = 0; i < 3000; i++) {
        unsigned changes = 1 + (unsigned)rand() % 4;

        sample();
        while (changes--) {
            size_t at = (size_t)rand() % (64 + image.index_bytes);

            image.bytes[at] = (char)(rand() % 3 ? rand() : rand() % 2 ? 0 : 0xff);
        }
        problem[0] = '\0';
        if (!run(DATA + image.data_bytes))
            good++;
        else
            CHECK_EQ(strcmp(w_list("/", 65536), ""), 0);
        CHECK(world_end());
    }
    CHECK(good > 10 && good < 2900); /* names, ids and times are free; the rest is not */
}

int main(void)
{
    return tap_main();
}
