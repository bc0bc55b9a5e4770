/*
 * Files and names at random, checked against models: a million operations at full length.
 *
 * In:    TEST(exercise, ...), run like soak.c; run.py prints the seed.
 * Life:  PROCESSES children work at once. In `content` each has a file of its own, of which it keeps a copy in memory,
 *        and its stripes of a file that all share; it writes and reads both by calls and through mappings, and compares. In
 *        `names` each has some folders, and knows which names lead to which of its files. What differs is told with
 *        the child's seed and the number of the operation, and ends the case.
 */
#include "soak.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

enum {
    PROCESSES = 4,
    OPERATIONS = 500000, /* of all processes, in each case */
    ROOM = 192 * 1024,   /* the longest file */
    PIECE = 20000,       /* the longest read or write */
    STRIPE = 3000,       /* of the shared file: pages belong to several processes */
    STRIPES = 16,        /* of each process */
    FOLDERS = 3,
    NAMES = 12, /* in each folder */
};

static unsigned state, first_state;
static int operation;

static unsigned below(unsigned n)
{
    state = state * 1103515245 + 12345;
    return (state >> 16) % n;
}

#define WRONG(...)                                                                                 \
    do {                                                                                           \
        dprintf(2, "seed %u, operation %d: ", first_state, operation);                             \
        FAIL(__VA_ARGS__);                                                                         \
    } while (0)

/* Runs `work` in all processes with so many operations for each; all must be well. */
static void in_all(void (*work)(int me, int count))
{
    int count = scaled(OPERATIONS) / PROCESSES;
    pid_t pid[PROCESSES];

    for (int p = 0; p < PROCESSES; p++)
        pid[p] = CHILD({
            first_state = state = seed + 7919u * (unsigned)p;
            work(p, count);
        });
    for (int p = 0; p < PROCESSES; p++)
        CHECK_EXIT(pid[p], 0);
    dprintf(2, "%d operations of each of %d processes\n", count, PROCESSES);
}

/* Content. */

static char model[ROOM], scratch[ROOM];
static off_t size;
static int file = -1;
static char *map; /* of all of ROOM, shared */
static char path[32];

static void compare(const char *got, off_t at, size_t length, const char *how)
{
    for (size_t i = 0; i < length; i++)
        if (got[i] != model[at + (off_t)i])
            WRONG("%s: byte %ld of %ld is %d, not %d", how, (long)(at + (off_t)i), (long)size,
                  got[i], model[at + (off_t)i]);
}

static void compare_all(void)
{
    struct stat st;

    if (fstat(file, &st) || st.st_size != size)
        WRONG("size is %ld, not %ld", (long)st.st_size, (long)size);
    if (pread(file, scratch, ROOM, 0) != size)
        WRONG("a read of all is short");
    compare(scratch, 0, (size_t)size, "all");
    compare(map, 0, (size_t)size, "all, mapped");
}

static size_t fill(size_t length)
{
    unsigned value = below(256);

    for (size_t i = 0; i < length; i++)
        scratch[i] = (char)(value + i * 7);
    return length;
}

/* The model has `length` bytes of scratch at `at`. */
static void wrote(off_t at, size_t length)
{
    if (at > size)
        memset(model + size, 0, (size_t)(at - size));
    memcpy(model + at, scratch, length);
    if (at + (off_t)length > size)
        size = at + (off_t)length;
}

static void expect(ssize_t got, size_t wanted, const char *what)
{
    if (got != (ssize_t)wanted)
        WRONG("%s gives %zd, not %zu", what, got, wanted);
}

static void write_somehow(void)
{
    off_t at = below(ROOM - PIECE);
    size_t length = fill(1 + below(PIECE - 1)), half = length / 2;
    struct iovec parts[2] = {{scratch, half}, {scratch + half, length - half}};

    switch (below(4)) {
    case 0:
        expect(pwrite(file, scratch, length, at), length, "pwrite");
        break;
    case 1:
        expect(lseek(file, at, SEEK_SET), (size_t)at, "lseek");
        expect(write(file, scratch, length), length, "write");
        break;
    case 2:
        expect(pwritev(file, parts, 2, at), length, "pwritev");
        break;
    default: /* through the mapping, as far as the file goes */
        if (at >= size)
            return;
        length = length < (size_t)(size - at) ? length : (size_t)(size - at);
        memcpy(map + at, scratch, length);
        break;
    }
    wrote(at, length);
}

static void append(void)
{
    size_t length = fill(1 + below(PIECE - 1));
    int fd;

    if (size + (off_t)length > ROOM)
        return;
    fd = CHECK_FD(open(path, O_WRONLY | O_APPEND));
    expect(write(fd, scratch, length), length, "append");
    close(fd);
    wrote(size, length);
}

static void read_somehow(void)
{
    off_t at = below(ROOM - PIECE);
    size_t length = 1 + below(PIECE - 1), there = at >= size ? 0 : (size_t)(size - at);
    size_t wanted = length < there ? length : there;
    char *page;

    switch (below(4)) {
    case 0:
        expect(pread(file, scratch, length, at), wanted, "pread");
        break;
    case 1:
        expect(lseek(file, at, SEEK_SET), (size_t)at, "lseek");
        expect(read(file, scratch, length), wanted, "read");
        break;
    case 2:
        compare(map + at, at, wanted, "mapping");
        return;
    default: /* a mapping of its own, private or shared */
        if (!wanted)
            return;
        page = mmap(NULL, wanted + (size_t)(at & 4095), PROT_READ,
                    below(2) ? MAP_PRIVATE : MAP_SHARED, file, at & ~4095l);
        if (page == MAP_FAILED)
            WRONG("mmap");
        compare(page + (at & 4095), at, wanted, "new mapping");
        munmap(page, wanted + (size_t)(at & 4095));
        return;
    }
    compare(scratch, at, wanted, "read");
}

static void resize(void)
{
    off_t to = below(ROOM);

    if (below(2) ? ftruncate(file, to) : truncate(path, to))
        WRONG("truncate to %ld", (long)to);
    if (to > size)
        memset(model + size, 0, (size_t)(to - size));
    size = to;
}

static void make_room_or_holes(void)
{
    off_t at = below(ROOM - PIECE), length = 1 + (off_t)below(PIECE - 1);
    int mode = below(2)   ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
               : below(2) ? FALLOC_FL_KEEP_SIZE
                          : 0;

    if (fallocate(file, mode, at, length))
        WRONG("fallocate %d", mode);
    if (mode & FALLOC_FL_PUNCH_HOLE) {
        off_t end = at + length < size ? at + length : size;

        if (end > at)
            memset(model + at, 0, (size_t)(end - at));
    } else if (!mode && at + length > size) {
        memset(model + size, 0, (size_t)(at + length - size));
        size = at + length;
    }
}

static void open_again(void)
{
    close(file);
    munmap(map, ROOM);
    file = CHECK_FD(open(path, O_RDWR));
    map = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        WRONG("mmap");
}

/* Somebody else sees the same. */
static void look_in_child(void)
{
    compare_all();
    CHECK_IN_CHILD(compare_all());
}

static void send_to_pipe(void)
{
    off_t at = below(ROOM - PIECE), from = at;
    size_t length = 1 + below(4095), there = at >= size ? 0 : (size_t)(size - at);
    size_t wanted = length < there ? length : there;
    int p[2];

    CHECK_OK(pipe(p));
    expect(sendfile(p[1], file, &at, length), wanted, "sendfile");
    if (wanted)
        expect(read(p[0], scratch, length), wanted, "what sendfile sent");
    close(p[0]);
    close(p[1]);
    compare(scratch, from, wanted, "sendfile");
}

/* The stripes of the shared file: each word tells whose it is, and which stripe and turn it is of. */
static int shared;
static char *shared_map;
static unsigned turn[STRIPES];

static void stripe(int me)
{
    unsigned words[STRIPE / sizeof(unsigned)], n = below(STRIPES);
    off_t at = (off_t)(n * PROCESSES + (unsigned)me) * STRIPE;
    const char *seen = (const char *)words;

    for (unsigned i = 0; i < STRIPE / sizeof *words; i++)
        words[i] = (unsigned)me << 28 | n << 20 | (turn[n] & 0xfffff);
    if (below(2)) {
        seen = below(2) ? shared_map + at : scratch;
        if (seen == scratch)
            expect(pread(shared, scratch, STRIPE, at), STRIPE, "pread of a stripe");
        if (turn[n] && memcmp(seen, words, STRIPE))
            WRONG("stripe %u of process %d has changed by itself", n, me);
        return;
    }
    turn[n]++;
    for (unsigned i = 0; i < STRIPE / sizeof *words; i++)
        words[i] = (unsigned)me << 28 | n << 20 | (turn[n] & 0xfffff);
    if (below(2))
        memcpy(shared_map + at, words, STRIPE);
    else
        expect(pwrite(shared, words, STRIPE, at), STRIPE, "pwrite of a stripe");
}

static void content(int me, int count)
{
    snprintf(path, sizeof path, "file%d", me);
    file = test_file(path, "", 0);
    map = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    shared = CHECK_FD(open("shared", O_RDWR));
    shared_map =
        mmap(NULL, PROCESSES * STRIPES * STRIPE, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    CHECK(map != MAP_FAILED && shared_map != MAP_FAILED);
    for (operation = 0; operation < count; operation++) {
        unsigned what = below(100);

        if (what < 30)
            write_somehow();
        else if (what < 38)
            append();
        else if (what < 64)
            read_somehow();
        else if (what < 70)
            resize();
        else if (what < 76)
            make_room_or_holes();
        else if (what < 79)
            send_to_pipe();
        else if (what < 80)
            open_again();
        else
            stripe(me);
        if (operation % 512 == 0)
            compare_all();
        if (operation % 8192 == 0)
            look_in_child();
    }
    compare_all();
}

TEST(exercise, content)
{
    int fd;

    read_settings();
    fd = test_file("shared", "", 0);
    CHECK_OK(ftruncate(fd, PROCESSES * STRIPES * STRIPE));
    in_all(content);
}

/* Names. */

struct known {
    enum { NOTHING, FILE_, FOLDER, LINK } kind;
    unsigned id; /* of a file: what it holds; of a link: where it leads */
};

static struct known known[FOLDERS][NAMES];
static unsigned last_id;

static char *name_of(unsigned folder, unsigned name)
{
    static char text[4][32];
    static unsigned next;

    next = (next + 1) % 4;
    snprintf(text[next], sizeof text[next], "d%u/n%u", folder, name);
    return text[next];
}

/* How many names a file has. */
static unsigned names_of_file(unsigned id)
{
    unsigned n = 0;

    for (unsigned f = 0; f < FOLDERS; f++)
        for (unsigned i = 0; i < NAMES; i++)
            n += known[f][i].kind == FILE_ && known[f][i].id == id;
    return n;
}

/* The call's outcome is 0 if `wanted` is, or that error. */
static void outcome(const char *call, int r, int wanted)
{
    int error = r < 0 ? errno : 0;

    if (error != wanted)
        WRONG("%s: error %d (%s), not %d", call, error, strerror(error), wanted);
}

static void create(unsigned f, unsigned n)
{
    struct known *k = &known[f][n];
    int fd = open(name_of(f, n), O_CREAT | O_EXCL | O_WRONLY, 0644);

    outcome("create", fd, k->kind ? EEXIST : 0);
    if (fd < 0)
        return;
    *k = (struct known){FILE_, ++last_id};
    expect(write(fd, &k->id, sizeof k->id), sizeof k->id, "write");
    close(fd);
}

static void make_folder(unsigned f, unsigned n)
{
    outcome("mkdir", mkdir(name_of(f, n), 0755), known[f][n].kind ? EEXIST : 0);
    if (!known[f][n].kind)
        known[f][n].kind = FOLDER;
}

static void make_link(unsigned f, unsigned n)
{
    char to[16];

    snprintf(to, sizeof to, "n%u", below(NAMES));
    outcome("symlink", symlink(to, name_of(f, n)), known[f][n].kind ? EEXIST : 0);
    if (!known[f][n].kind)
        known[f][n] = (struct known){LINK, (unsigned)atoi(to + 1)};
}

static void remove_name(unsigned f, unsigned n)
{
    struct known *k = &known[f][n];
    bool folder = below(2);

    if (folder)
        outcome("rmdir", rmdir(name_of(f, n)), !k->kind ? ENOENT : k->kind != FOLDER ? ENOTDIR : 0);
    else
        outcome("unlink", unlink(name_of(f, n)),
                !k->kind            ? ENOENT
                : k->kind == FOLDER ? EISDIR
                                    : 0);
    if (k->kind && folder == (k->kind == FOLDER))
        k->kind = NOTHING;
}

static void rename_name(unsigned f, unsigned n)
{
    unsigned g = below(FOLDERS), m = below(NAMES);
    struct known *from = &known[f][n], *to = &known[g][m];
    bool same = from == to || (from->kind == FILE_ && to->kind == FILE_ && from->id == to->id);
    int wanted = !from->kind                                  ? ENOENT
                 : from == to || !to->kind                    ? 0
                 : from->kind == FOLDER && to->kind != FOLDER ? ENOTDIR
                 : from->kind != FOLDER && to->kind == FOLDER ? EISDIR
                                                              : 0;

    outcome("rename", rename(name_of(f, n), name_of(g, m)), wanted);
    if (!wanted && !same) {
        *to = *from;
        from->kind = NOTHING;
    }
}

static void link_name(unsigned f, unsigned n)
{
    unsigned g = below(FOLDERS), m = below(NAMES);
    struct known *from = &known[f][n], *to = &known[g][m];
    int wanted = !from->kind ? ENOENT : to->kind ? EEXIST : from->kind == FOLDER ? EPERM : 0;

    if (from->kind == LINK)
        return; /* a link has one name here */
    outcome("link", link(name_of(f, n), name_of(g, m)), wanted);
    if (!wanted)
        *to = *from;
}

static void look(unsigned f, unsigned n)
{
    const struct known *k = &known[f][n];
    struct stat st;
    unsigned id;
    int fd;

    outcome("lstat", lstat(name_of(f, n), &st), k->kind ? 0 : ENOENT);
    if (!k->kind)
        return;
    if (k->kind != (S_ISREG(st.st_mode) ? FILE_ : S_ISDIR(st.st_mode) ? FOLDER : LINK))
        WRONG("%s is of another kind: %o", name_of(f, n), st.st_mode);
    if (k->kind != FILE_)
        return;
    if (st.st_nlink != names_of_file(k->id))
        WRONG("%s has %u names, not %u", name_of(f, n), (unsigned)st.st_nlink,
              names_of_file(k->id));
    fd = CHECK_FD(open(name_of(f, n), O_RDONLY));
    expect(read(fd, &id, sizeof id), sizeof id, "read");
    if (id != k->id)
        WRONG("%s is file %u, not %u", name_of(f, n), id, k->id);
    close(fd);
}

/* Through a link: what it leads to is there, or not. */
static void follow(unsigned f, unsigned n)
{
    struct known *k = &known[f][n], *to;
    struct stat st;

    if (k->kind != LINK)
        return;
    to = &known[f][k->id];
    if (to->kind != LINK)
        outcome("stat through a link", stat(name_of(f, n), &st), to->kind ? 0 : ENOENT);
}

static void list(unsigned f)
{
    bool seen[NAMES] = {false};
    char folder[16];
    struct dirent *e;
    DIR *d;

    snprintf(folder, sizeof folder, "d%u", f);
    d = opendir(folder);
    if (!d)
        WRONG("opendir");
    while ((e = readdir(d))) {
        unsigned n = (unsigned)atoi(e->d_name + 1);

        if (e->d_name[0] == '.')
            continue;
        if (n >= NAMES || seen[n] || !known[f][n].kind)
            WRONG("%s is listed", e->d_name);
        seen[n] = true;
    }
    closedir(d);
    for (unsigned n = 0; n < NAMES; n++)
        if (known[f][n].kind && !seen[n])
            WRONG("n%u is not listed in d%u", n, f);
}

static void names(int me, int count)
{
    char own[16];

    snprintf(own, sizeof own, "own%d", me);
    CHECK_OK(mkdir(own, 0755));
    CHECK_OK(chdir(own));
    for (unsigned f = 0; f < FOLDERS; f++) {
        char folder[16];

        snprintf(folder, sizeof folder, "d%u", f);
        CHECK_OK(mkdir(folder, 0755));
    }
    for (operation = 0; operation < count; operation++) {
        unsigned what = below(100), f = below(FOLDERS), n = below(NAMES);

        if (what < 18)
            create(f, n);
        else if (what < 22)
            make_folder(f, n);
        else if (what < 26)
            make_link(f, n);
        else if (what < 40)
            remove_name(f, n);
        else if (what < 54)
            rename_name(f, n);
        else if (what < 62)
            link_name(f, n);
        else if (what < 92)
            look(f, n);
        else if (what < 97)
            follow(f, n);
        else
            list(f);
    }
}

TEST(exercise, names)
{
    read_settings();
    in_all(names);
}
