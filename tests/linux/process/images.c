/*
 * Programs as files: busy ones, nested scripts, descriptors.
 */
#include "copy.h"

#include <sys/auxv.h>

HELPER(wait_for_end)
{
    char c;

    return write(1, "r", 1) == 1 && read(0, &c, 1) == 0 ? 0 : 1;
}

TEST(exec, a_running_program_is_neither_written_nor_cut)
{
    int in[2], out[2];
    struct stat st;
    pid_t child;
    char c;

    copy_program("copy");
    CHECK_OK(pipe(in));
    CHECK_OK(pipe(out));
    child = CHILD({
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        execl("copy", "copy", "helper:wait_for_end", NULL);
        FAIL("exec");
    });
    CHECK_EQ(read(out[0], &c, 1), 1);
    CHECK_ERR(open("copy", O_WRONLY | O_TRUNC), ETXTBSY);
    CHECK_ERR(open("copy", O_RDWR), ETXTBSY);
    CHECK_ERR(truncate("copy", 0), ETXTBSY);
    CHECK_OK(stat("copy", &st));
    CHECK_GT(st.st_size, 4096);
    close(in[1]);
    CHECK_EXIT(child, 0);
    CHECK_OK(truncate("copy", 0));
}

static void write_script(const char *path, const char *interpreter)
{
    int fd = CHECK_FD(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755));

    dprintf(fd, "#!%s\n", interpreter);
    close(fd);
}

HELPER(count_arguments)
{
    return argc;
}

TEST(exec, five_scripts_deep_and_not_six)
{
    static const char *const name[] = {"./s1", "./s2", "./s3", "./s4", "./s5", "./s6"};
    char line[200];

    snprintf(line, sizeof line, "%s helper:count_arguments", test_program);
    write_script(name[0], line);
    for (int i = 1; i < 6; i++)
        write_script(name[i], name[i - 1]);
    /* program, helper:..., and the five scripts */
    CHECK_EXIT(CHILD(execl(name[4], name[4], NULL); _exit(99)), 7);
    CHECK_EXIT(CHILD(execl(name[5], name[5], NULL); _exit(errno == ELOOP ? 98 : 99)), 98);
}

HELPER(told_name)
{
    return strcmp((const char *)getauxval(AT_EXECFN), argv[2]) ? 1 : 0;
}

TEST(exec, by_descriptor_the_name_is_dev_fd)
{
    int fd = CHECK_FD(open(test_program, O_RDONLY));
    char name[32];

    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    CHECK_EXIT(CHILD({
        char *argv[] = {test_program, "helper:told_name", name, NULL};

        syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
        _exit(99);
    }), 0);
}

TEST(exec, texts_of_proc_are_no_programs)
{
    CHECK_EXIT(CHILD(execl("/proc/self/status", "status", NULL); _exit(errno == EACCES ? 7 : 8)), 7);
}
