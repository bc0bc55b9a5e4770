#!/bin/bash
# case tcc.hello 60 quick
# case tcc.itself 60 quick
# A compiler that was linked static against musl compiles hello.c and itself, and the results run.
. /programs/common.sh
PATH=/tcc/bin:$PATH
cat >hello.c <<'END'
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("hello from %s, %d\n", argv[0], argc);
    return 3;
}
END

# hello WORD...: compiles with it and runs the result.
hello() {
    "$@" -o hello hello.c
    got=$(./hello x) && exit 1
    same 'hello from ./hello, 2' "$got"
}

case $1 in
tcc.hello)
    hello tcc
    hello tcc -static
    got=$(tcc -run hello.c a b) || same 3 $?
    same 'hello from hello.c, 3' "$got" ;;
tcc.itself)
    tcc -static -o tcc2 /tcc/src/tcc.c
    ./tcc2 -static -o tcc3 /tcc/src/tcc.c
    cmp tcc2 tcc3
    hello ./tcc3 -static ;;
esac
