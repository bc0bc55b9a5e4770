#!/bin/bash
# root tools
# case gcc.hello 120
# case gcc.threads 120
# case gcc.make 180
# Debian's compiler, assembler and linker make programs that run; make builds a small tree of them side by side.
. /programs/common.sh

case $1 in
gcc.hello)
    printf '#include <stdio.h>\nint main(void)\n{\n    puts("hello");\n    return 3;\n}\n' >hello.c
    gcc -O2 -Wall -Werror -g -o hello hello.c
    same 'hello 3' "$(./hello) $(./hello >/dev/null || echo $?)"
    gcc -static -o still hello.c
    same hello "$(./still || true)"
    gcc -c hello.c && ar rcs libhello.a hello.o && same 'hello.o' "$(ar t libhello.a)"
    same '   T main' "$(nm hello.o | sed -n 's/^0* *\(T main\)/   \1/p')"
    strip hello && same hello "$(./hello || true)"
    printf 'int broken(' >bad.c
    gcc -c bad.c 2>errors && exit 1
    grep -q 'error: expected' errors ;;
gcc.threads)
    cat >threads.c <<'END'
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int mine;
static long sum;
static atomic_long all;

static void *work(void *n)
{
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        sum += (long)n;
        pthread_mutex_unlock(&lock);
        mine++;
        atomic_fetch_add(&all, 1);
    }
    return (void *)(long)mine;
}

int main(void)
{
    pthread_t threads[10];
    long total = 0;
    void *got;

    for (long i = 0; i < 10; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < 10; i++) {
        pthread_join(threads[i], &got);
        total += (long)got;
    }
    printf("%ld %ld %ld\n", sum, total, atomic_load(&all));
}
END
    gcc -O2 -pthread -o threads threads.c
    same '45000 10000 10000' "$(./threads)" ;;
gcc.make)
    mkdir parts
    for i in $(seq 12); do
        printf 'int part%d(void)\n{\n    return %d;\n}\n' "$i" "$i" >"parts/part$i.c"
    done
    {
        for i in $(seq 12); do echo "int part$i(void);"; done
        printf '#include <stdio.h>\nint main(void)\n{\n    printf("%%d\\n", 0'
        for i in $(seq 12); do printf ' + part%d()' "$i"; done
        printf ');\n}\n'
    } >main.c
    cat >Makefile <<'END'
objects := main.o $(patsubst %.c,%.o,$(wildcard parts/*.c))
all: $(objects)
	$(CC) -o $@ $^
%.o: %.c
	@$(CC) -c -o $@ $<
END
    make -j3 >log 2>&1 || { cat log; exit 1; }
    same 78 "$(./all)"
    same "make: 'all' is up to date." "$(make -j3)"
    sleep 1.1
    touch parts/part3.c
    same 1 "$(make -n | grep -c -- '-c -o')"
    make -j3 >/dev/null && same 78 "$(./all)"
    printf 'a b c:\n\tsleep 0.5; echo $@\nall: a b c\n' >wide.mk
    same 'a b c' "$(make -s -j3 -f wide.mk all | sort | xargs)" ;;
esac
