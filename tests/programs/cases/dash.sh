#!/bin/dash
# case dash.language 60 quick
# What scripts for a POSIX shell do: pipelines, here-documents, traps, getopts, functions, descriptors.
. /programs/common.sh

same '5 4 3 2 1' "$(seq 5 | sort -rn | tr '\n' ' ' | sed 's/ $//')"
i=0 sum=0
while [ $i -lt 2000 ]; do
    i=$((i + 1))
    sum=$((sum + i * i % 7))
done
same 4003 $sum
same 'a=1 b= rest=x y' "$(set -- -a 1 -b x y
    while getopts a:b o; do case $o in a) a=$OPTARG ;; b) b= ;; esac; done
    shift $((OPTIND - 1))
    echo "a=$a b=$b rest=$*")"
same 'on exit 7' "$(sh -c 'trap "echo on exit \$?" EXIT; exit 7' || true)"
same 'got USR1' "$(sh -c 'trap "echo got USR1; exit 0" USR1; kill -USR1 $$; sleep 5; echo late')"
same '2 piped 1' "$({ { echo 1 >&3; echo 2; } 3>&1 >&4 | sed 's/^/piped /'; } 4>&1 | sort | xargs)"
cat >lines <<END
one $((1 + 1))
two
END
same 'two' "$(tail -n 1 lines)"
same 'one 2' "$(while read -r line; do echo "$line"; break; done <lines)"
sleep 30 &
kill $!
wait $! || same 143 $?
(exit 3) || same 3 $?
set -- 'a b' c
same 2 $#
same '/programs dash' "${0%/*} $(basename "$0" .sh)"
umask 027
: >private
same 640 "$(stat -c %a private)"
cd /usr && cd bin/.. && same /usr "$(pwd)"
