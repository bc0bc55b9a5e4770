/*
 * Random operations against a naive model: the same errors, the same files, the same listings.
 *
 * The model knows nothing of entries, tables or walks in steps: it is a list of names, each with
 * the number of its directory, and resolves a path by recursion. `vfsd_test_model SEED COUNT`
 * repeats a run.
 */
#include "tap.h"
#include "world.h"

#include <stdlib.h>

#define FILES   4096
#define NAMES   256
#define FOLLOWS 40

enum kind { DIR, REG, LNK };

struct model_file {
    enum kind kind;
    unsigned nlink;
    unsigned parent; /* of a directory */
    char target[32];
    uint64_t ino;
};

struct model_name {
    bool used;
    unsigned dir, file;
    char name[8];
};

static struct model_file file[FILES];
static struct model_name name[NAMES];
static unsigned files;

struct found {
    int32_t error;
    unsigned dir;            /* of the last name */
    struct model_name *name; /* NULL: not there */
    unsigned file;
    char last[8];
    bool slash, dots;
    enum { NAME, DOT, DOTDOT, ROOT } end;
};

static struct model_name *look_up(unsigned dir, const char *text)
{
    for (unsigned i = 0; i < NAMES; i++)
        if (name[i].used && name[i].dir == dir && !strcmp(name[i].name, text))
            return &name[i];
    return NULL;
}

static bool empty(unsigned dir)
{
    for (unsigned i = 0; i < NAMES; i++)
        if (name[i].used && name[i].dir == dir)
            return false;
    return true;
}

/* Resolves all of `path` from `dir`; every link is followed. Returns an error, or sets *out. */
static int32_t resolve(unsigned dir, const char *path, unsigned *links, unsigned *out)
{
    char part[8];

    if (*path == '/')
        dir = 0;
    for (;;) {
        size_t length;
        struct model_name *n;

        path += strspn(path, "/");
        if (!*path)
            break;
        if (file[dir].kind != DIR)
            return VFS_ERROR_NOTDIR;
        length = strcspn(path, "/");
        snprintf(part, sizeof part, "%.*s", (int)length, path);
        path += length;
        if (!strcmp(part, "."))
            continue;
        if (!strcmp(part, "..")) {
            dir = file[dir].parent;
            continue;
        }
        n = look_up(dir, part);
        if (!n)
            return VFS_ERROR_NOENT;
        if (file[n->file].kind == LNK) {
            int32_t error;

            if ((*links)++ >= FOLLOWS)
                return VFS_ERROR_LOOP;
            error = resolve(dir, file[n->file].target, links, &dir);
            if (error)
                return error;
        } else {
            dir = n->file;
        }
        if (*path == '/' && file[dir].kind != DIR)
            return VFS_ERROR_NOTDIR;
    }
    *out = dir;
    return 0;
}

/* Resolves all but the last name. */
static struct found find_last(const char *path)
{
    struct found f = {0};
    char front[128];
    size_t length = strlen(path), begin;
    unsigned links = 0;

    while (length > 0 && path[length - 1] == '/')
        length--;
    f.slash = path[length] == '/';
    for (begin = length; begin > 0 && path[begin - 1] != '/'; begin--)
        ;
    snprintf(front, sizeof front, "%s%.*s", path[0] == '/' ? "/" : "", (int)begin, path);
    snprintf(f.last, sizeof f.last, "%.*s", (int)(length - begin), path + begin);
    f.error = resolve(0, front, &links, &f.dir);
    if (f.error)
        return f;
    f.end = !*f.last ? ROOT : !strcmp(f.last, ".") ? DOT : !strcmp(f.last, "..") ? DOTDOT : NAME;
    if (f.end != ROOT && file[f.dir].kind != DIR)
        f.error = VFS_ERROR_NOTDIR;
    else if (f.end == NAME)
        f.name = look_up(f.dir, f.last);
    if (f.name)
        f.file = f.name->file;
    return f;
}

static struct model_name *add_name(unsigned dir, const char *text, unsigned number)
{
    for (unsigned i = 0; i < NAMES; i++)
        if (!name[i].used) {
            name[i] = (struct model_name){.used = true, .dir = dir, .file = number};
            snprintf(name[i].name, sizeof name[i].name, "%s", text);
            return &name[i];
        }
    abort();
}

static int32_t model_make(const char *path, enum kind kind, const char *target)
{
    struct found f = find_last(path);

    if (f.error)
        return f.error;
    if (f.end != NAME || f.name)
        return VFS_ERROR_EXIST;
    if (f.slash && kind != DIR)
        return VFS_ERROR_NOENT;
    file[files] = (struct model_file){.kind = kind, .nlink = kind == DIR ? 2 : 1, .parent = f.dir};
    if (target)
        snprintf(file[files].target, sizeof file[files].target, "%s", target);
    if (kind == DIR)
        file[f.dir].nlink++;
    add_name(f.dir, f.last, files++);
    return 0;
}

static int32_t model_link(const char *old, const char *path)
{
    struct found o = find_last(old), f;

    if (o.error)
        return o.error;
    if (o.end == NAME && !o.name)
        return VFS_ERROR_NOENT;
    if (o.slash && o.end == NAME) {
        unsigned links = 0;
        int32_t error = resolve(0, old, &links, &o.file);

        if (error)
            return error;
        if (file[o.file].kind != DIR)
            return VFS_ERROR_NOTDIR;
    }
    f = find_last(path);
    if (f.error)
        return f.error;
    if (f.end != NAME || f.name)
        return VFS_ERROR_EXIST;
    if (f.slash)
        return VFS_ERROR_NOENT;
    if (o.end != NAME || file[o.file].kind == DIR)
        return VFS_ERROR_PERM;
    file[o.file].nlink++;
    add_name(f.dir, f.last, o.file);
    return 0;
}

static int32_t model_unlink(const char *path)
{
    struct found f = find_last(path);

    if (f.error)
        return f.error;
    if (f.end != NAME)
        return VFS_ERROR_ISDIR;
    if (!f.name)
        return VFS_ERROR_NOENT;
    if (file[f.file].kind == DIR)
        return VFS_ERROR_ISDIR;
    if (f.slash)
        return VFS_ERROR_NOTDIR;
    file[f.file].nlink--;
    f.name->used = false;
    return 0;
}

static int32_t model_rmdir(const char *path)
{
    struct found f = find_last(path);

    if (f.error)
        return f.error;
    if (f.end != NAME)
        return f.end == DOT      ? VFS_ERROR_INVAL
               : f.end == DOTDOT ? VFS_ERROR_NOTEMPTY
                                 : VFS_ERROR_BUSY;
    if (!f.name)
        return VFS_ERROR_NOENT;
    if (file[f.file].kind != DIR)
        return VFS_ERROR_NOTDIR;
    if (!empty(f.file))
        return VFS_ERROR_NOTEMPTY;
    file[f.dir].nlink--;
    f.name->used = false;
    return 0;
}

static bool inside(unsigned dir, unsigned top)
{
    while (dir != top && dir)
        dir = file[dir].parent;
    return dir == top;
}

static void place(struct model_name *n, unsigned dir, const char *text)
{
    if (file[n->file].kind == DIR) {
        file[n->dir].nlink--;
        file[dir].nlink++;
        file[n->file].parent = dir;
    }
    n->dir = dir;
    memmove(n->name, text, strlen(text) + 1);
}

static int32_t model_rename(const char *old, const char *new, uint32_t how)
{
    struct found o = find_last(old), n;
    bool exchange = how & VFS_RENAME_HOW_EXCHANGE, noreplace = how & VFS_RENAME_HOW_NOREPLACE;

    if (exchange && noreplace)
        return VFS_ERROR_INVAL;
    if (o.error)
        return o.error;
    n = find_last(new);
    if (n.error)
        return n.error;
    if (o.end != NAME)
        return VFS_ERROR_BUSY;
    if (n.end != NAME)
        return noreplace ? VFS_ERROR_EXIST : VFS_ERROR_BUSY;
    if (!o.name)
        return VFS_ERROR_NOENT;
    if (noreplace && n.name)
        return VFS_ERROR_EXIST;
    if (exchange && !n.name)
        return VFS_ERROR_NOENT;
    if (exchange && file[n.file].kind != DIR && n.slash)
        return VFS_ERROR_NOTDIR;
    if (file[o.file].kind != DIR && (o.slash || (n.slash && !exchange)))
        return VFS_ERROR_NOTDIR;
    if (file[o.file].kind == DIR && inside(n.dir, o.file))
        return VFS_ERROR_INVAL;
    if (n.name && file[n.file].kind == DIR && inside(o.dir, n.file))
        return exchange ? VFS_ERROR_INVAL : VFS_ERROR_NOTEMPTY;
    if (n.name && n.file == o.file)
        return 0;
    if (exchange) {
        struct model_name was = *o.name;

        place(o.name, n.dir, n.last);
        place(n.name, was.dir, was.name);
        return 0;
    }
    if (n.name) {
        if (file[o.file].kind == DIR && file[n.file].kind != DIR)
            return VFS_ERROR_NOTDIR;
        if (file[o.file].kind != DIR && file[n.file].kind == DIR)
            return VFS_ERROR_ISDIR;
        if (file[n.file].kind == DIR && !empty(n.file))
            return VFS_ERROR_NOTEMPTY;
        file[n.file].nlink--;
        if (file[n.file].kind == DIR)
            file[n.dir].nlink--;
        n.name->used = false;
    }
    place(o.name, n.dir, n.last);
    return 0;
}

static void random_path(char *path)
{
    static const char *const parts[] = {"a", "b", "c", "dd", "e1", "a", "b", ".", ".."};
    int count = 1 + rand() % 4;

    *path = '\0';
    for (int i = 0; i < count; i++) {
        strcat(path, i || rand() % 2 ? (rand() % 8 ? "/" : "//") : "");
        strcat(path, parts[(size_t)rand() % (rand() % 3 ? 5 : sizeof parts / sizeof parts[0])]);
    }
    if (rand() % 10 == 0)
        strcat(path, "/");
    if (rand() % 100 == 0)
        strcpy(path, "/");
}

static int order(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Compares every file that the model has a name for, and every listing. */
static bool same(unsigned dir, const char *path)
{
    char names[NAMES][8], text[4096] = "", below[512];
    unsigned count = 0;

    for (unsigned i = 0; i < NAMES; i++)
        if (name[i].used && name[i].dir == dir)
            strcpy(names[count++], name[i].name);
    qsort(names, count, sizeof names[0], order);
    for (unsigned i = 0; i < count; i++)
        strcat(strcat(text, i ? " " : ""), names[i]);
    if (strcmp(text, w_list(path, 100 + (size_t)rand() % 1000))) {
        printf("# %s: \"%s\" is listed, not \"%s\"\n", path, w_list(path, 65536), text);
        return false;
    }
    for (unsigned i = 0; i < NAMES; i++) {
        struct model_file *f = &file[name[i].file];

        if (!name[i].used || name[i].dir != dir)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, name[i].name);
        if (w_stat(below, VFS_WALK_NOFOLLOW) || world_attr.nlink != f->nlink ||
            (f->ino && f->ino != world_attr.ino)) {
            printf("# %s: nlink %u, not %u, or another file\n", below, world_attr.nlink, f->nlink);
            return false;
        }
        f->ino = world_attr.ino;
        if (f->kind == LNK && (w_readlink(below) || strcmp(world_text, f->target)))
            return false;
        if (f->kind == DIR && !same(name[i].file, below))
            return false;
    }
    return true;
}

static int32_t model_stat(const char *path, unsigned *out)
{
    unsigned links = 0;
    int32_t error = resolve(0, path, &links, out);
    size_t length = strlen(path);

    return error ? error : path[length - 1] == '/' && file[*out].kind != DIR ? VFS_ERROR_NOTDIR : 0;
}

/* One random operation on both. Returns whether they agree. */
static bool step(void)
{
    char path[128], other[128], target[128];
    int32_t expected = 0, got = 0;
    uint32_t how = (uint32_t[]){0, 0, 0, 1, 2, 3}[rand() % 6];
    unsigned used = 0, what = (unsigned)rand() % 100, found = 0;

    for (unsigned i = 0; i < NAMES; i++)
        used += name[i].used;
    if (used > NAMES - 8 && what < 50)
        what = 60;
    random_path(path);
    random_path(other);
    if (what < 15) {
        expected = model_make(path, DIR, NULL), got = w_mkdir(path);
    } else if (what < 30) {
        expected = model_make(path, REG, NULL), got = w_file(path);
    } else if (what < 38) {
        do
            random_path(target);
        while (strlen(target) > 30);
        expected = model_make(path, LNK, target), got = w_symlink(target, path);
    } else if (what < 45) {
        expected = model_link(path, other), got = w_link(path, other);
    } else if (what < 60) {
        expected = model_rename(path, other, how), got = w_rename(path, other, how);
    } else if (what < 70) {
        expected = model_unlink(path), got = w_unlink(path);
    } else if (what < 80) {
        expected = model_rmdir(path), got = w_rmdir(path);
    } else {
        expected = model_stat(path, &found), got = w_stat(path, 0);
        if (!got && !expected && file[found].ino && file[found].ino != world_attr.ino)
            got = -1;
    }
    if (got == expected)
        return true;
    printf("# operation %u on %s and %s, how %u: %d, not %d\n", what, path, other, how, got,
           expected);
    return false;
}

static unsigned seed = 1, steps = 60000;

TEST(random_operations_agree_with_the_model)
{
    srand(seed);
    printf("# seed %u, %u operations\n", seed, steps);
    for (unsigned round = 0; round < 10; round++) {
        world_begin(false);
        memset(file, 0, sizeof file);
        memset(name, 0, sizeof name);
        file[0] = (struct model_file){.kind = DIR, .nlink = 2};
        files = 1;
        for (unsigned i = 0; i < steps / 10 && files < FILES - 1; i++) {
            CHECK(step());
            if (i % 64 == 0)
                CHECK(same(0, "/."));
        }
        CHECK(world_end());
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seed = (unsigned)atoi(argv[1]);
    if (argc > 2)
        steps = (unsigned)atoi(argv[2]);
    return tap_main();
}
