#!/bin/bash
# case bash.language 60 quick
# case bash.jobs 60 quick
# Arrays, expressions, process substitution, coprocesses, descriptors; jobs, traps, waiting.
. /programs/common.sh

language() {
    declare -A map=([one]=1 [two]=2)
    local -a list=({1..5})
    same '5 15' "${#list[@]} $((${list[*]/%/+}0))"
    same '1 2' "${map[one]} ${map[two]}"
    [[ 2026-11-23 =~ ^([0-9]+)-([0-9]+) ]] && same '2026 11' "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
    same $'2c2\n< b\n---\n> x' "$(diff <(printf 'a\nb\nc\n') <(printf 'a\nx\nc\n'))"
    tee >(wc -c >count) <<<"hello" >/dev/null
    for _ in {1..50}; do [ -s count ] && break; sleep 0.1; done
    same 6 "$(cat count)"
    coproc sed -u 's/^/> /'
    echo hello >&"${COPROC[1]}"
    read -r answer <&"${COPROC[0]}"
    same '> hello' "$answer"
    eval "exec ${COPROC[1]}>&-"
    wait "$COPROC_PID"
    exec {fd}<>file
    printf 'abc\ndef\n' >&"$fd"
    same 'abc def' "$(mapfile -t lines <file && echo "${lines[*]}")"
    exec {fd}>&-
    same 'HELLO hello World' "$(word=hello; echo "${word^^} ${word} ${word/hello/World}")"
    same 0 "$(printf '%s\n' {1..3000} | while read -r n; do : "$n"; done | wc -l)"
    shopt -s globstar nullglob
    mkdir -p a/b/c && : >a/b/c/d.x && : >a/e.x
    local found=(**/*.x)
    same 'a/b/c/d.x a/e.x' "${found[*]}"
    read -r -t 0.2 line < <(sleep 2) && exit 1
    same '1 2 3' "$(echo 3 1 2 | xargs -n 1 | sort | xargs)"
}

jobs_and_traps() {
    local pids=() got=0
    for i in 1 2 3 4 5; do (sleep 0.$i; exit "$i") & pids+=($!); done
    for pid in "${pids[@]}"; do wait "$pid" || got=$((got + $?)); done
    same 15 $got
    (sleep 0.2; exit 9) &
    sleep 20 &
    local slow=$!
    wait -n || same 9 $?
    kill -STOP $slow
    sleep 0.2
    same T "$(cut -d' ' -f3 /proc/$slow/stat)"
    kill -CONT $slow
    kill $slow
    wait $slow || same 143 $?
    same 'child 0 13 0' "$(set +e; trap 'echo -n "child "' CHLD; true & wait $!; echo -n "$? "
        trap - CHLD; (trap - PIPE; kill -PIPE $BASHPID); echo -n "$(($? - 128)) "; yes | head -1 >/dev/null; echo $?)"
    set -m
    sleep 30 &
    same "$!" "$(cut -d' ' -f5 /proc/$!/stat)"
    kill %1
    wait %1 || same 143 $?
    set +m
    local start=$SECONDS
    timeout 1 sleep 30 || same 124 $?
    [ $((SECONDS - start)) -lt 20 ]
    ulimit -n 64
    same 64 "$(ulimit -n)"
}

case $1 in
bash.language) language ;;
bash.jobs) jobs_and_traps ;;
esac
