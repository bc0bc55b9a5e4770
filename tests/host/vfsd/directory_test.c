/*
 * Directories: many names, and listing while they change.
 */
#include "tap.h"
#include "world.h"

#include <stdlib.h>

#define MANY 3000

static void name_of(char *path, size_t size, unsigned i)
{
    snprintf(path, size, "/d/name-%u", i);
}

TEST(many_names_come_and_go)
{
    char path[64];

    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    for (unsigned i = 0; i < MANY; i++) {
        name_of(path, sizeof path, i);
        CHECK_EQ(w_file(path), 0);
    }
    for (unsigned i = 0; i < MANY; i++) {
        name_of(path, sizeof path, i);
        CHECK_EQ(w_stat(path, 0), 0);
        CHECK_EQ(w_file(path), VFS_ERROR_EXIST);
    }
    for (unsigned i = 0; i < MANY; i++) {
        name_of(path, sizeof path, (i * 7) % MANY);
        CHECK_EQ(w_unlink(path), 0);
        CHECK_EQ(w_stat(path, 0), VFS_ERROR_NOENT);
        name_of(path, sizeof path, (i * 7 + 7) % MANY);
        CHECK_EQ(w_stat(path, 0), i + 1 < MANY ? 0 : VFS_ERROR_NOENT);
    }
    CHECK_EQ(w_rmdir("/d"), 0);
    CHECK(world_end());
}

TEST(renames_in_place_do_not_fill_the_index)
{
    char path[64], other[64];

    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    for (unsigned i = 0; i < 20; i++) {
        name_of(path, sizeof path, i);
        CHECK_EQ(w_file(path), 0);
    }
    for (unsigned i = 0; i < 20000; i++) {
        name_of(path, sizeof path, i);
        name_of(other, sizeof other, i + 20);
        CHECK_EQ(w_rename(path, other, 0), 0);
        CHECK_EQ(w_stat(path, 0), VFS_ERROR_NOENT);
        CHECK_EQ(w_stat(other, 0), 0);
    }
    CHECK(world_end());
}

TEST(a_listing_is_whole_with_any_buffer)
{
    static const size_t sizes[] = {40, 64, 100, 1000, 65536};
    uint64_t node;
    size_t used;
    char small[24];

    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    for (unsigned i = 0; i < 30; i++) {
        char path[16];

        snprintf(path, sizeof path, "/d/%u", 100 + i);
        CHECK_EQ(w_file(path), 0);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *text = w_list("/d", sizes[i]);

        CHECK_EQ(strlen(text), 30 * 4 - 1);
        CHECK_EQ(strncmp(text, "100 101 102", 11), 0);
    }
    CHECK_EQ(w_open("/d", O_DIR, 0, &node), 0);
    CHECK_EQ(tree_readdir(world_session, node, 0, small, sizeof small, &used), VFS_ERROR_INVAL);
    CHECK_EQ(tree_readdir(world_session, 99, 0, small, sizeof small, &used), VFS_ERROR_BADNODE);
}

/* What is there all the time is listed exactly once, whatever else comes and goes meanwhile. */
TEST(a_listing_is_stable_under_change)
{
    static _Alignas(8) char buffer[200];
    unsigned seen[40] = {0}, fresh = 40;
    uint64_t node, cursor = 0;
    size_t used;
    char path[64], to[64];

    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    for (unsigned i = 0; i < 40; i++) {
        name_of(path, sizeof path, i);
        CHECK_EQ(w_file(path), 0);
    }
    CHECK_EQ(w_open("/d", O_DIR, 0, &node), 0);
    while (!tree_readdir(world_session, node, cursor, buffer, sizeof buffer, &used) && used) {
        for (size_t i = 0; i < used;) {
            uint16_t bytes;
            unsigned number;

            memcpy(&bytes, buffer + i + 16, 2);
            memcpy(&cursor, buffer + i + 8, 8);
            if (sscanf(buffer + i + 24, "name-%u", &number) == 1 && number < 40)
                seen[number]++;
            i += bytes;
        }
        /* Odd names go, one by one; new ones come; one that stays gets another name and back. */
        for (unsigned k = 0; k < 3; k++) {
            name_of(path, sizeof path, 2 * (unsigned)(rand() % 20) + 1);
            (void)w_unlink(path);
            name_of(path, sizeof path, fresh++);
            CHECK_EQ(w_file(path), 0);
        }
        name_of(path, sizeof path, 2);
        name_of(to, sizeof to, 100000);
        CHECK_EQ(w_rename(path, to, 0), 0);
        CHECK_EQ(w_rename(to, path, 0), 0);
        CHECK(fresh < 1000);
    }
    for (unsigned i = 0; i < 40; i += 2)
        CHECK_EQ(seen[i], 1);
    for (unsigned i = 1; i < 40; i += 2)
        CHECK(seen[i] <= 1);
}

TEST(removing_all_while_listing_ends)
{
    static _Alignas(8) char buffer[120];
    uint64_t node, cursor = 0;
    size_t used;
    unsigned removed = 0;
    char path[300];

    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    for (unsigned i = 0; i < 500; i++) {
        name_of(path, sizeof path, i);
        CHECK_EQ(w_file(path), 0);
    }
    CHECK_EQ(w_open("/d", O_DIR, 0, &node), 0);
    while (!tree_readdir(world_session, node, cursor, buffer, sizeof buffer, &used) && used) {
        for (size_t i = 0; i < used;) {
            uint16_t bytes;

            memcpy(&bytes, buffer + i + 16, 2);
            memcpy(&cursor, buffer + i + 8, 8);
            if (buffer[i + 24] != '.') {
                snprintf(path, sizeof path, "/d/%s", buffer + i + 24);
                CHECK_EQ(w_unlink(path), 0);
                removed++;
            }
            i += bytes;
        }
    }
    CHECK_EQ(removed, 500);
    CHECK_EQ(w_rmdir("/d"), 0);
    CHECK_EQ(tree_readdir(world_session, node, 0, buffer, sizeof buffer, &used), VFS_ERROR_NOENT);
    CHECK_EQ(w_close(node), 0);
    CHECK(world_end());
}

int main(void)
{
    return tap_main();
}
