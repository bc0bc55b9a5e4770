/*
 * A program that touches more memory than there is dies, and nothing else does.
 */
/* time limit: 120 s */
#include "test.h"

#include <sys/mman.h>

TEST(exhaustion, the_process_that_takes_all_memory_dies)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t bystander = CHILD({
        close(p[1]);
        read(p[0], &c, 1);
        _exit(17);
    });
    pid_t pid = CHILD({
        int score = open("/proc/self/oom_score_adj", O_WRONLY);
        if (score >= 0)
            write(score, "1000", 4);
        for (;;) {
            char *m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                           0);
            if (m == MAP_FAILED)
                _exit(12); /* refused in time: as good */
            for (int at = 0; at < 1 << 20; at += 4096)
                m[at] = 1;
        }
    });
    int status = test_status(pid, __FILE__, __LINE__);
    CHECK((WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGBUS)) ||
          (WIFEXITED(status) && WEXITSTATUS(status) == 12));
    close(p[1]);
    CHECK_EXIT(bystander, 17);
    CHECK_IN_CHILD({
        char *m = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(m != MAP_FAILED);
        memset(m, 1, 4 << 20); /* it was given back */
    });
}
