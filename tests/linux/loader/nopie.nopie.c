/*
 * A dynamic program at a fixed address (ET_EXEC) on ld-musl: constructors, TLS, BSS.
 */
#include "test.h"

#include <elf.h>
#include <sys/auxv.h>

static int constructed;
static __thread int local = 42;
static char zeros[100000];
static int *pointer = &constructed;

__attribute__((constructor)) static void construct(void)
{
    constructed = 1;
}

TEST(loader, dynamic_et_exec_is_where_it_was_linked)
{
    extern const Elf64_Ehdr __ehdr_start;

    CHECK_EQ(__ehdr_start.e_type, ET_EXEC);
    CHECK_LT((uintptr_t)&__ehdr_start, 0x10000000);
    CHECK_NE(getauxval(AT_BASE), 0); /* the interpreter */
    CHECK_NE(getauxval(AT_BASE), (uintptr_t)&__ehdr_start);
    CHECK_EQ(getauxval(AT_PHDR), (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff);
    CHECK_EQ(getauxval(AT_ENTRY), __ehdr_start.e_entry);
}

TEST(loader, dynamic_et_exec_has_its_data)
{
    CHECK_EQ(constructed, 1);
    CHECK_EQ(*pointer, 1);
    CHECK_EQ(local, 42);
    for (size_t i = 0; i < sizeof zeros; i++)
        CHECK_EQ(zeros[i], 0);
    char *heap = malloc(300000);
    CHECK(heap != NULL);
    memset(heap, 1, 300000);
    free(heap);
    CHECK_IN_CHILD(CHECK_EQ(local, 42));
}
