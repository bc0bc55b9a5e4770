/*
 * Ten thousand calls of mmap, munmap, mprotect and mremap with arguments from interesting pools, each
 * on an address range that was laid out anew. What Linux 6.1 answers, and what is mapped afterwards, is
 * in golden.inc: made by tests/linux/record.py in the reference guest, never by hand.
 *
 * Each set has three characters there: one for the outcome (`errors`), two for a hash of where the
 * result lies and of the range's lines of /proc/self/maps.
 *
 * Nothing in the range is touched, so that Linux joins whatever looks alike; and all files that the
 * range shows are different ones.
 */
#include "test.h"

#include <sys/mman.h>

/* time limit: 200 s */

#define SETS      10000u
#define PAGE      4096ul
#define TIB       (1ul << 40)
#define ARENA     (16 * TIB) /* neither the program nor anything that Linux places lies near */
#define PAGES     64ul
#define TASK_SIZE 0x7ffffffff000ul
#define PER_LINE  40u

static const char golden[] =
#include "golden.inc"
    ;

static uint64_t state;

static uint64_t draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
    return draw() % n;
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

#define PICK(array) ((array)[below(sizeof(array) / sizeof *(array))])

/* What the sets may name: files that can be mapped, each in its way, and others. */
static int both, only_read, only_written, folder, pipe_end, path_only, null_device, third, fourth;

static int sparse_file(const char *name, int flags)
{
    int fd = CHECK_FD(open(name, O_RDWR | O_CREAT, 0644));

    CHECK_OK(ftruncate(fd, PAGES * PAGE));
    CHECK_OK(close(fd));
    return CHECK_FD(open(name, flags));
}

static void open_files(void)
{
    int ends[2];

    both = sparse_file("both", O_RDWR);
    only_read = sparse_file("only_read", O_RDONLY);
    only_written = sparse_file("only_written", O_WRONLY);
    third = sparse_file("third", O_RDWR);
    fourth = sparse_file("fourth", O_RDONLY);
    folder = CHECK_FD(open(".", O_RDONLY));
    path_only = CHECK_FD(open("both", O_PATH));
    null_device = CHECK_FD(open("/dev/null", O_RDWR));
    CHECK_OK(pipe(ends));
    pipe_end = ends[0];
}

static void lay(uint64_t page, uint64_t count, int prot, int flags, int fd)
{
    void *at = (void *)(ARENA + page * PAGE);
    off_t offset = fd < 0 ? 0 : (off_t)(page * PAGE);

    CHECK(mmap(at, count * PAGE, prot, flags | MAP_FIXED, fd, offset) == at);
}

/* Empties the range and what huge lengths may have mapped after it, and fills it by chance. */
static void lay_out(void)
{
    enum { R = PROT_READ, W = PROT_WRITE, X = PROT_EXEC };

    CHECK_OK(munmap((void *)ARENA, 2 * TIB));
    for (uint64_t page = 8, count; page < PAGES - 8; page += count) {
        count = 1 + below(6);
        switch (below(15)) {
        case 0:
        case 1:
        case 2:
            break;
        case 3:
        case 4:
            lay(page, count, R | W, MAP_PRIVATE | MAP_ANONYMOUS, -1);
            break;
        case 5:
            lay(page, count, R, MAP_PRIVATE | MAP_ANONYMOUS, -1);
            break;
        case 6:
            lay(page, count, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
            break;
        case 7:
            lay(page, count, R | X, MAP_PRIVATE | MAP_ANONYMOUS, -1);
            break;
        case 8:
            lay(page, count, R | W, MAP_SHARED | MAP_ANONYMOUS, -1);
            break;
        case 9:
            lay(page, count, R | W, MAP_SHARED, both);
            break;
        case 10:
            lay(page, count, R, MAP_SHARED, only_read);
            break;
        case 11:
            lay(page, count, R | W, MAP_PRIVATE, third);
            break;
        case 12:
            lay(page, count, R, MAP_PRIVATE, fourth);
            break;
        case 13:
            lay(page, count, R | W, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1);
            break;
        case 14:
            lay(page, count, R | W, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
            break;
        }
    }
}

/* An address in the range, in a few cases no page's. */
static uint64_t place(void)
{
    static const uint64_t odd[] = {1, 8, 0x800, 0xfff};
    uint64_t at = ARENA + (4 + below(PAGES - 8)) * PAGE;

    return one_in(14) ? at + PICK(odd) : at;
}

/* Addresses elsewhere. They never meet a length of a TiB, which would reach what the program needs. */
static const uint64_t far_places[] = {0,
                                      0x1000,
                                      0x8000,
                                      0x8001,
                                      0x10000,
                                      TASK_SIZE,
                                      TASK_SIZE + PAGE,
                                      TASK_SIZE + 1,
                                      1ul << 47,
                                      1ul << 48,
                                      1ul << 56,
                                      1ul << 63,
                                      0xffff800000000000,
                                      -2 * PAGE,
                                      -PAGE,
                                      -PAGE + 1,
                                      -1ul};

static const uint64_t impossible_lengths[] = {1ul << 47,          1ul << 48,  1ul << 62, 1ul << 63,
                                              (1ul << 63) - PAGE, -1ul << 47, -2 * PAGE, -PAGE,
                                              -PAGE + 1,          -1ul};

static uint64_t near_length(void)
{
    static const uint64_t odd[] = {0,         0,           1, 2, 4095, PAGE + 1, 3 * PAGE - 1,
                                   24 * PAGE, PAGES * PAGE};

    return one_in(6) ? PICK(odd) : (1 + below(10)) * PAGE;
}

static uint64_t length_at(bool far)
{
    if (one_in(12))
        return PICK(impossible_lengths);
    return !far && one_in(16) ? (one_in(4) ? TASK_SIZE : TIB) : near_length();
}

struct call {
    int number;
    uint64_t a[6];
};

static void draw_mmap(struct call *c)
{
    static const uint64_t extra[] = {MAP_NORESERVE,
                                     MAP_STACK,
                                     MAP_GROWSDOWN,
                                     MAP_DENYWRITE,
                                     MAP_EXECUTABLE,
                                     MAP_32BIT,
                                     MAP_NONBLOCK,
                                     0x4000000,
                                     0x80000,
                                     0x200000,
                                     1ul << 31,
                                     0x80000 | MAP_FIXED,
                                     MAP_GROWSDOWN | MAP_NORESERVE};
    static const uint64_t types[] = {0, 4, 5, 8, 15};
    static const uint64_t prots[] = {PROT_READ | 8, PROT_READ | 0x10, PROT_READ | PROT_GROWSDOWN,
                                     PROT_READ | PROT_WRITE | 0x80, PROT_READ | 1ul << 40};
    static const uint64_t offsets[] = {
        1,         0x800,     0xfff, 1ul << 40, (1ul << 63) - PAGE,
        1ul << 63, -2 * PAGE, -PAGE, -1ul,      (1ul << 63) - 4 * PAGE};
    int fds[] = {both, both,   only_read, only_written, third,      -1,
                 1000, folder, pipe_end,  path_only,    null_device};
    bool far = one_in(12);
    uint64_t flags;

    c->number = SYS_mmap;
    c->a[0] = far ? PICK(far_places) : one_in(12) ? 0 : place();
    c->a[1] = length_at(far || !c->a[0]);
    c->a[2] = one_in(12) ? PICK(prots) : below(8);
    flags = one_in(16) ? PICK(types) : one_in(12) ? MAP_SHARED_VALIDATE : 1 + below(2);
    flags |= one_in(2) ? MAP_ANONYMOUS : 0;
    flags |= one_in(3) ? 0 : one_in(5) ? MAP_FIXED_NOREPLACE : one_in(4) ? 0 : MAP_FIXED;
    flags |= one_in(3) ? PICK(extra) : 0;
    if (one_in(12) && c->a[1] < TIB)
        flags |= one_in(2) ? MAP_POPULATE : MAP_LOCKED;
    if (one_in(40) && !(flags & MAP_ANONYMOUS))
        flags |= MAP_HUGETLB;
    c->a[3] = flags;
    c->a[4] = (uint64_t)(int64_t)PICK(fds);
    c->a[5] = one_in(8) ? PICK(offsets) : below(PAGES) * PAGE;
}

static void draw_munmap(struct call *c)
{
    bool far = one_in(8);

    c->number = SYS_munmap;
    c->a[0] = far ? PICK(far_places) : place();
    c->a[1] = length_at(far);
}

static void draw_mprotect(struct call *c)
{
    static const uint64_t prots[] = {8,
                                     PROT_READ | 8,
                                     0x10,
                                     PROT_READ | 0x80,
                                     PROT_READ | 1ul << 40,
                                     PROT_READ | PROT_GROWSDOWN,
                                     PROT_READ | PROT_WRITE | PROT_GROWSDOWN,
                                     PROT_GROWSUP,
                                     PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN,
                                     -1ul};
    bool far = one_in(12);

    c->number = SYS_mprotect;
    c->a[0] = far ? PICK(far_places) : place();
    c->a[1] = length_at(far);
    c->a[2] = one_in(5) ? PICK(prots) : below(8);
}

static void draw_mremap(struct call *c)
{
    static const uint64_t flags[] = {0, 0, 1, 1, 1, 1, 3, 3, 3,         3,   5,
                                     5, 7, 7, 2, 4, 6, 8, 9, 1ul << 32, -1ul};
    bool far = one_in(20);

    c->number = SYS_mremap;
    c->a[0] = far ? PICK(far_places) : place();
    c->a[1] = length_at(far);
    c->a[2] = one_in(4) ? c->a[1] : length_at(far);
    c->a[3] = PICK(flags);
    c->a[4] = one_in(12) ? PICK(far_places) : place();
    /* What moves to a low address must not reach the program. */
    if (c->a[4] < 1ul << 32 && c->a[2] >= TIB && c->a[2] < 1ul << 47)
        c->a[2] = PAGE;
}

static void draw_call(struct call *c)
{
    memset(c, 0, sizeof *c);
    switch (below(8)) {
    case 0:
        draw_munmap(c);
        break;
    case 1:
    case 2:
        draw_mprotect(c);
        break;
    case 3:
    case 4:
        draw_mremap(c);
        break;
    default:
        draw_mmap(c);
        break;
    }
}

static uint64_t hash_add(uint64_t h, const char *bytes, size_t size)
{
    while (size--)
        h = (h ^ (unsigned char)*bytes++) * 0x100000001b3;
    return h;
}

static int maps_fd;
static char maps[1 << 16];

static size_t read_maps(void)
{
    size_t used = 0;
    ssize_t n;

    CHECK_EQ(lseek(maps_fd, 0, SEEK_SET), 0);
    while ((n = read(maps_fd, maps + used, sizeof maps - 1 - used)) > 0)
        used += (size_t)n;
    CHECK_EQ(n, 0);
    maps[used] = 0;
    return used;
}

/* Of the range's lines, bounds, protection and offset. */
static uint64_t hash_layout(uint64_t h, bool show)
{
    read_maps();
    for (char *line = maps, *end; *line; line = end + 1) {
        unsigned long start = strtoul(line, NULL, 16);
        int words = 0;

        end = strchr(line, '\n');
        CHECK(end);
        if (start < ARENA - TIB || start >= ARENA + 2 * TIB)
            continue;
        for (char *p = line; p < end && words < 3; p++) {
            words += *p == ' ';
            h = hash_add(h, p, 1);
        }
        if (show)
            dprintf(2, "    %.*s\n", (int)(end - line), line);
    }
    return h;
}

static const char *call_name(int number)
{
    return number == SYS_mmap       ? "mmap"
           : number == SYS_munmap   ? "munmap"
           : number == SYS_mprotect ? "mprotect"
                                    : "mremap";
}

/* The outcome of one set, three characters. */
static void run_set(unsigned set, bool show, char out[3])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
    static const struct {
        int number;
        char letter;
    } errors[] = {{0, '.'},      {EPERM, 'P'},  {EINVAL, 'I'},    {ENOMEM, 'M'},
                  {EFAULT, 'F'}, {EACCES, 'A'}, {EBADF, 'B'},     {ENODEV, 'D'},
                  {EEXIST, 'E'}, {EAGAIN, 'G'}, {EOVERFLOW, 'O'}, {EOPNOTSUPP, 'S'}};
    struct call c;
    char where[32];
    uint64_t h;
    long r;

    state = set;
    draw();
    lay_out();
    draw_call(&c);
    if (show) {
        dprintf(2, "set %u: %s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx) of\n", set, call_name(c.number),
                c.a[0], c.a[1], c.a[2], c.a[3], c.a[4], c.a[5]);
        hash_layout(0, true);
    }
    errno = 0;
    r = syscall(c.number, c.a[0], c.a[1], c.a[2], c.a[3], c.a[4], c.a[5]);
    out[0] = '?';
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (errors[i].number == (r == -1 ? errno : 0))
            out[0] = errors[i].letter;
    }
    bool placed = r != -1 && (c.number == SYS_mmap || c.number == SYS_mremap);
    uint64_t at = placed ? (uint64_t)r : 0;
    bool inside = at >= ARENA - TIB && at < ARENA + 2 * TIB;

    /* Elsewhere only what was asked for is the same each time. */
    snprintf(where, sizeof where, "%lx", inside || at < 1ul << 24 ? at : at < 1ul << 31 ? 1 : 2);
    if (show)
        dprintf(2, "  is %ld (errno %d); then\n", r, r == -1 ? errno : 0);
    h = hash_layout(hash_add(0xcbf29ce484222325, where, strlen(where)), show);
    if (placed && !inside)
        CHECK_OK(munmap((void *)at, c.number == SYS_mmap ? c.a[1] : c.a[2]));
    h ^= h >> 32;
    h ^= h >> 12;
    out[1] = digits[h & 63];
    out[2] = digits[h >> 6 & 63];
}

static void begin(void)
{
    open_files();
    maps_fd = CHECK_FD(open("/proc/self/maps", O_RDONLY));
}

/* Prints golden.inc as it should be here; or with numbers after it, these sets in full. */
HELPER(record)
{
    char line[3 * PER_LINE + 1] = {0};

    begin();
    for (int i = 2; i < argc; i++)
        run_set((unsigned)atoi(argv[i]), true, line);
    for (unsigned set = 0; argc <= 2 && set < SETS; set++) {
        run_set(set, false, &line[set % PER_LINE * 3]);
        if (set % PER_LINE == PER_LINE - 1) {
            printf("\"%s\"\n", line);
            fflush(stdout);
        }
    }
    fflush(stdout);
    return 0;
}

TEST(golden, ten_thousand_calls_on_memory_end_as_on_linux)
{
    unsigned wrong = 0, wrong_errors = 0;
    char got[4] = {0};

    begin();
    CHECK_EQ(sizeof golden - 1, 3 * SETS);
    for (unsigned set = 0; set < SETS; set++) {
        const char *wanted = &golden[3 * set];

        run_set(set, false, got);
        if (!memcmp(got, wanted, 3))
            continue;
        wrong_errors += got[0] != *wanted;
        if (wrong++ < 12) {
            dprintf(2, "wanted %.3s, got %s\n", wanted, got);
            run_set(set, true, got);
        }
    }
    if (wrong)
        FAIL("%u of %u sets differ, %u of them in the outcome", wrong, SETS, wrong_errors);
}
