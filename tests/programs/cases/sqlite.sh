#!/bin/bash
# case sqlite.wal 240 quick
# case sqlite.rollback 240
# case sqlite.two_writers 240 quick
# 10,000 inserts, each a transaction of its own, then what SQLite itself says of the file.
. /programs/common.sh

# inserts FIRST LAST
inserts() {
    seq "$1" "$2" | sed "s/.*/insert into t values (&, 'row &');/"
}

check() {
    same 'ok
10000|50005000|78894' "$(sqlite3 t.db 'pragma integrity_check; select count(*), sum(n), sum(length(s)) from t')"
}

case $1 in
sqlite.wal)
    same wal "$( (echo 'pragma journal_mode=wal; create table t (n integer primary key, s text);'
        inserts 1 10000) | sqlite3 t.db)"
    check
    [ ! -e t.db-wal ] ;;
sqlite.rollback)
    (echo 'pragma journal_mode=delete; create table t (n integer primary key, s text);'
        inserts 1 10000) | sqlite3 t.db >/dev/null
    check
    [ ! -e t.db-journal ] ;;
sqlite.two_writers)
    sqlite3 t.db 'pragma journal_mode=wal; create table t (n integer primary key, s text)' >/dev/null
    for first in 1 2501 5001 7501; do
        (echo '.timeout 60000'; inserts $first $((first + 2499))) | sqlite3 t.db &
    done
    wait
    check ;;
esac
