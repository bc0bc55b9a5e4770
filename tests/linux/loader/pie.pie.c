/*
 * A dynamic PIE on ld-musl: relocation, TLS, constructors, and libraries by dlopen.
 */
#include "test.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/auxv.h>

static int constructed;
static __thread int local = 42;
static __thread char zero_local[1000];
static char zeros[100000];
static int *pointer = &constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed = 1;
}

TEST(loader, dynamic_pie_is_relocated)
{
    extern const Elf64_Ehdr __ehdr_start;

    CHECK_EQ(__ehdr_start.e_type, ET_DYN);
    CHECK_NE(getauxval(AT_BASE), 0);
    CHECK_EQ(getauxval(AT_PHDR), (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff);
    CHECK_EQ(getauxval(AT_ENTRY), (uintptr_t)&__ehdr_start + __ehdr_start.e_entry);
    CHECK_EQ(*pointer, 1);
}

TEST(loader, dynamic_pie_has_its_data)
{
    CHECK_EQ(constructed, 1);
    CHECK_EQ(local, 42);
    for (size_t i = 0; i < sizeof zeros; i++)
        CHECK_EQ(zeros[i], 0);
    for (size_t i = 0; i < sizeof zero_local; i++)
        CHECK_EQ(zero_local[i], 0);
}

TEST(loader, dlopen_brings_functions_data_constructors_and_tls)
{
    void *library = dlopen("/tests/loader-library.so", RTLD_NOW);

    if (!library)
        FAIL("dlopen: %s", dlerror());
    int (*add)(int, int) = (int (*)(int, int))(uintptr_t)dlsym(library, "library_add");
    int *constructed_there = dlsym(library, "library_constructed");
    int (*next)(void) = (int (*)(void))(uintptr_t)dlsym(library, "library_next");
    CHECK(add && constructed_there && next);
    CHECK_EQ(add(40, 2), 42);
    CHECK_EQ(*constructed_there, 7);
    CHECK_EQ(next(), 101);
    CHECK_EQ(next(), 102);
    CHECK_IN_CHILD(CHECK_EQ(next(), 103));
    CHECK_EQ(next(), 103);
    CHECK_OK(dlclose(library));
    CHECK(dlopen("/tests/none.so", RTLD_NOW) == NULL);
    CHECK(dlerror() != NULL);
}

TEST(loader, dynamic_programs_start_three_hundred_times)
{
    char *const argv[] = {test_program, "helper:ok", NULL};

    for (int i = 0; i < 300; i++)
        CHECK_EXIT(CHILD({
                       execv(test_program, argv);
                       FAIL("execv");
                   }),
                   11);
}

HELPER(ok)
{
    return constructed == 1 && local == 42 ? 11 : 3;
}

TEST(loader, the_interpreter_can_be_run_by_name)
{
    char *const argv[] = {"/lib/ld-musl-x86_64.so.1", test_program, "helper:ok", NULL};

    CHECK_EXIT(CHILD({
                   execv(argv[0], argv);
                   FAIL("execv");
               }),
               11);
}
