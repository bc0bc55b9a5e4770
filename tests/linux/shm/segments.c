/*
 * System V shared memory: making, attaching, detaching, removing.
 */
#include "test.h"

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define PAGE 4096ul

static int segment(size_t size)
{
    return CHECK_FD(shmget(IPC_PRIVATE, size, IPC_CREAT | 0600));
}

static void *attach(int id, int flags)
{
    void *p = shmat(id, NULL, flags);

    CHECK(p != (void *)-1);
    return p;
}

static struct shmid_ds status_of(int id)
{
    struct shmid_ds ds;

    CHECK_OK(shmctl(id, IPC_STAT, &ds));
    return ds;
}

static void drop(int id)
{
    CHECK_OK(shmctl(id, IPC_RMID, NULL));
}

TEST(shm, a_new_segment_is_zero_and_of_its_size)
{
    int id = segment(3 * PAGE + 100);
    struct shmid_ds ds = status_of(id);
    unsigned char *p = attach(id, 0);

    CHECK_EQ(ds.shm_segsz, 3 * PAGE + 100);
    for (size_t i = 0; i < 4 * PAGE; i += 511)
        CHECK_EQ(p[i], 0);
    p[4 * PAGE - 1] = 1;
    CHECK_OK(shmdt(p));
    drop(id);
}

TEST(shm, status_tells_who_made_it_and_when)
{
    time_t before = time(NULL);
    int id = segment(PAGE);
    struct shmid_ds ds = status_of(id);

    CHECK_EQ(ds.shm_cpid, getpid());
    CHECK_EQ(ds.shm_lpid, 0);
    CHECK_EQ(ds.shm_nattch, 0);
    CHECK_EQ(ds.shm_atime, 0);
    CHECK_EQ(ds.shm_dtime, 0);
    CHECK_GE(ds.shm_ctime, before - 1);
    CHECK_EQ(ds.shm_perm.mode, 0600);
    CHECK_EQ(ds.shm_perm.uid, 0);
    CHECK_EQ(ds.shm_perm.cuid, 0);
    drop(id);
}

TEST(shm, attaching_counts_and_leaves_its_time)
{
    int id = segment(PAGE);
    void *p = attach(id, 0), *q = attach(id, 0);
    struct shmid_ds ds = status_of(id);

    CHECK(p != q);
    CHECK_EQ(ds.shm_nattch, 2);
    CHECK_GT(ds.shm_atime, 0);
    CHECK_EQ(ds.shm_lpid, getpid());
    CHECK_OK(shmdt(p));
    ds = status_of(id);
    CHECK_EQ(ds.shm_nattch, 1);
    CHECK_GT(ds.shm_dtime, 0);
    CHECK_OK(shmdt(q));
    drop(id);
}

TEST(shm, two_attachments_show_the_same_bytes)
{
    int id = segment(2 * PAGE);
    char *p = attach(id, 0), *q = attach(id, 0);

    p[PAGE + 3] = 'x';
    CHECK_EQ(q[PAGE + 3], 'x');
    drop(id);
    q[0] = 'y';
    CHECK_EQ(p[0], 'y');
}

TEST(shm, the_content_stays_without_attachments)
{
    int id = segment(PAGE);
    char *p = attach(id, 0);

    p[5] = 77;
    CHECK_OK(shmdt(p));
    p = attach(id, SHM_RDONLY);
    CHECK_EQ(p[5], 77);
    drop(id);
}

TEST(shm, sizes_that_are_refused)
{
    CHECK_ERR(shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
    CHECK_ERR(shmget(IPC_PRIVATE, SIZE_MAX, IPC_CREAT | 0600), EINVAL);
    CHECK_ERR(shmget(IPC_PRIVATE, 1ul << 45, IPC_CREAT | 0600), ENOMEM);
}

TEST(shm, a_large_one_without_reserve_is_fine)
{
    drop(CHECK_FD(shmget(IPC_PRIVATE, 1ul << 40, IPC_CREAT | SHM_NORESERVE | 0600)));
}

TEST(shm, keys_lead_to_one_segment)
{
    int id = CHECK_FD(shmget(0x4a01, PAGE, IPC_CREAT | 0600));

    CHECK_EQ(shmget(0x4a01, PAGE, 0), id);
    CHECK_EQ(shmget(0x4a01, PAGE, IPC_CREAT), id);
    CHECK_EQ(shmget(0x4a01, 0, 0), id);
    CHECK_EQ(shmget(0x4a01, 1, 0), id);
    CHECK_ERR(shmget(0x4a01, PAGE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    CHECK_ERR(shmget(0x4a01, PAGE + 1, 0), EINVAL);
    CHECK_EQ(status_of(id).shm_perm.__key, 0x4a01);
    drop(id);
    CHECK_ERR(shmget(0x4a01, PAGE, 0), ENOENT);
}

TEST(shm, private_segments_are_always_new)
{
    int a = segment(PAGE), b = segment(PAGE);

    CHECK_NE(a, b);
    drop(a);
    drop(b);
}

TEST(shm, ids_come_back_late)
{
    int a = segment(PAGE), b;

    drop(a);
    b = segment(PAGE);
    CHECK_NE(a, b);
    CHECK_ERR(shmctl(a, IPC_RMID, NULL), EINVAL);
    drop(b);
}

TEST(shm, unknown_ids_are_refused)
{
    struct shmid_ds ds;

    CHECK_ERR(shmctl(123456, IPC_STAT, &ds), EINVAL);
    CHECK_ERR(shmctl(-1, IPC_STAT, &ds), EINVAL);
    CHECK_ERR(shmctl(segment(PAGE), 99, &ds), EINVAL);
    CHECK(shmat(123456, NULL, 0) == (void *)-1 && errno == EINVAL);
    CHECK(shmat(-1, NULL, 0) == (void *)-1 && errno == EINVAL);
}

TEST(shm, status_needs_a_good_address)
{
    int id = segment(PAGE);

    CHECK_ERR(syscall(SYS_shmctl, id, IPC_STAT, 1), EFAULT);
    CHECK_ERR(syscall(SYS_shmctl, id, IPC_SET, 1), EFAULT);
    drop(id);
}

TEST(shm, removed_while_attached_lives_until_detached)
{
    int id = CHECK_FD(shmget(0x4a02, PAGE, IPC_CREAT | 0600));
    char *p = attach(id, 0);
    struct shmid_ds ds;

    drop(id);
    CHECK_ERR(shmget(0x4a02, PAGE, 0), ENOENT);
    ds = status_of(id);
    CHECK(ds.shm_perm.mode & SHM_DEST);
    CHECK_EQ(ds.shm_perm.__key, IPC_PRIVATE);
    p[0] = 1;
    CHECK_EQ(*(char *)attach(id, 0), 1);
    CHECK_EQ(status_of(id).shm_nattch, 2);
    drop(id);
    CHECK_OK(shmdt(p));
    CHECK_EQ(status_of(id).shm_nattch, 1);
}

TEST(shm, the_last_detach_ends_a_removed_one)
{
    int id = segment(PAGE);
    char *p = attach(id, 0);
    struct shmid_ds ds;

    drop(id);
    CHECK_OK(shmdt(p));
    CHECK_ERR(shmctl(id, IPC_STAT, &ds), EINVAL);
}

TEST(shm, fork_inherits_and_exit_detaches)
{
    int id = segment(PAGE), status;
    char *p = attach(id, 0);
    pid_t child = CHILD({
        p[1] = 5;
        _exit((int)status_of(id).shm_nattch);
    });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(WEXITSTATUS(status), 2);
    CHECK_EQ(p[1], 5);
    CHECK_EQ(status_of(id).shm_nattch, 1);
    drop(id);
}

HELPER(attachments)
{
    return (int)status_of(atoi(argv[2])).shm_nattch;
}

TEST(shm, exec_detaches)
{
    int id = segment(PAGE), status;
    char number[16];
    pid_t child;

    attach(id, 0);
    snprintf(number, sizeof number, "%d", id);
    child = CHILD({
        char *const args[] = {test_program, "helper:attachments", number, NULL};

        execv(test_program, args);
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(WEXITSTATUS(status), 1);
    drop(id);
}

TEST(shm, readers_cannot_write)
{
    int id = segment(PAGE), status;
    char *p = attach(id, SHM_RDONLY);
    pid_t child = CHILD({ *(volatile char *)p = 1; });

    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    CHECK_ERR(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
    drop(id);
}

TEST(shm, an_address_is_taken_as_it_is)
{
    int id = segment(2 * PAGE);
    char *p = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(shmat(id, p, 0) == (void *)-1 && errno == EINVAL);
    CHECK_OK(munmap(p, 4 * PAGE));
    CHECK(shmat(id, p, 0) == p);
    CHECK(shmat(id, p + PAGE, 0) == (void *)-1 && errno == EINVAL);
    CHECK(shmat(id, p + 2 * PAGE + 5, 0) == (void *)-1 && errno == EINVAL);
    CHECK(shmat(id, p + 2 * PAGE + 5, SHM_RND) == p + 2 * PAGE);
    drop(id);
}

TEST(shm, remap_replaces)
{
    int id = segment(PAGE);
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    p[PAGE] = 'a';
    p[2 * PAGE] = 'b';
    CHECK(shmat(id, p + PAGE, SHM_REMAP) == p + PAGE);
    CHECK_EQ(p[PAGE], 0);
    CHECK_EQ(p[2 * PAGE], 'b');
    CHECK(shmat(id, NULL, SHM_REMAP) == (void *)-1 && errno == EINVAL);
    drop(id);
}

TEST(shm, exec_permission_makes_it_executable)
{
    static const unsigned char code[] = {0xb8, 7, 0, 0, 0, 0xc3}; /* mov $7, %eax; ret */
    int id = CHECK_FD(shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700));
    unsigned char *p = attach(id, SHM_EXEC);

    memcpy(p, code, sizeof code);
    CHECK_EQ(((int (*)(void))p)(), 7);
    drop(id);
}

TEST(shm, detach_wants_the_start)
{
    int id = segment(2 * PAGE);
    char *p = attach(id, 0);

    CHECK_ERR(shmdt(p + PAGE), EINVAL);
    CHECK_ERR(shmdt(p + 1), EINVAL);
    CHECK_OK(shmdt(p));
    CHECK_ERR(shmdt(p), EINVAL);
    drop(id);
}

TEST(shm, detach_finds_what_is_left)
{
    int id = segment(4 * PAGE);
    char *p = attach(id, 0);
    unsigned char there;

    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ));
    CHECK_EQ(status_of(id).shm_nattch, 3);
    CHECK_OK(shmdt(p));
    CHECK_EQ(status_of(id).shm_nattch, 0);
    CHECK_ERR(mincore(p, PAGE, &there), ENOMEM);
    CHECK_ERR(mincore(p + 3 * PAGE, PAGE, &there), ENOMEM);
    drop(id);
}

TEST(shm, detach_leaves_other_memory_alone)
{
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK_ERR(shmdt(p), EINVAL);
    p[0] = 1;
}

TEST(shm, its_name_is_in_maps)
{
    int id = CHECK_FD(shmget(0x4a03, PAGE, IPC_CREAT | 0600)), maps;
    static char text[32768];
    ssize_t n, used = 0;

    attach(id, 0);
    maps = CHECK_FD(open("/proc/self/maps", O_RDONLY));
    while ((n = read(maps, text + used, sizeof text - 1 - (size_t)used)) > 0)
        used += n;
    CHECK(strstr(text, "/SYSV00004a03 (deleted)\n"));
    drop(id);
}

TEST(shm, mremap_moves_an_attachment)
{
    int id = segment(2 * PAGE);
    char *p = attach(id, 0),
         *to = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    p[PAGE] = 'q';
    CHECK(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    CHECK_EQ(to[PAGE], 'q');
    CHECK_EQ(status_of(id).shm_nattch, 1);
    CHECK_ERR(shmdt(p), EINVAL);
    CHECK_OK(shmdt(to));
    drop(id);
}

TEST(shm, futexes_work_in_it)
{
    int id = segment(PAGE), status;
    volatile int *word = attach(id, 0);
    pid_t child = CHILD({
        while (*word == 0)
            syscall(SYS_futex, word, 0 /* FUTEX_WAIT */, 0, NULL);
        *word = 2;
    });

    usleep(20000);
    *word = 1;
    syscall(SYS_futex, word, 1 /* FUTEX_WAKE */, 1);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(*word, 2);
    drop(id);
}
