"""What BusyBox's programs print of processes: they read it from /proc. Cases as in programs.py."""

import re


def has(*patterns):
    return [re.compile(pattern, re.M) for pattern in patterns]


PROCESSES = [
    ('ps_tells_parents_and_groups', 'sleep 60 & sleep 1; ps -o pid,ppid,pgid,stat,args >out; kill $!; '
     'awk -v p=$! -v me=$$ \'$1 == p && $2 == me && $4 ~ /^S/ {print $5, $6}\' out', 'sleep 60\n', 0),
    ('ps_tells_a_stopped_one', 'sleep 61 & sleep 1; kill -STOP $!; ps -o pid,stat >out; kill -KILL $!; '
     'awk -v p=$! \'$1 == p {print $2}\' out', 'T\n', 0),
    ('ps_tells_a_low_priority', 'nice -n 7 sleep 62 & sleep 1; ps -o pid,nice,args >out; kill $!; '
     'awk -v p=$! \'$1 == p {print $2, $3, $4}\' out', '7 sleep 62\n', 0),
    ('ps_tells_sizes', 'ps -o pid,vsz,rss,comm >out; awk -v p=$$ \'$1 == p {print ($2+0 > 1), ($3+0 > 0), $4}\' out',
     '1 1 sh\n', 0),
    ('ps_tells_users', 'ps -o user,group,pid >out; awk -v p=$$ \'$3 == p {print $1, $2}\' out', 'root root\n', 0),
    ('ps_tells_times', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; ps -o pid,time,etime >out; '
     'grep "^ *$$ " out', has(r'^ *\d+ +\d+:\d\d +\d+:\d\d$'), 0),
    ('pstree_shows_children', 'sleep 63 & pstree $$ >out; kill $!; cat out', has(r'^sh-\+-pstree$', r'^ +`-sleep$'), 0),
    ('pstree_from_the_first', 'pstree', has(r'^pid1---sh---.*pstree$'), 0),
    ('lsof_shows_open_files', 'echo x >f; exec 7<f; lsof | grep "^$$\t" | grep /f$', has(r'^\d+\t/bin/busybox\t7\t/tmp/cases/\w+/f$'), 0),
    ('fuser_finds_who_has_it_open', 'echo x >f; exec 7<f; fuser f | grep -qw $$ && echo found', 'found\n', 0),
    ('pgrep_by_parent_and_arguments', 'sleep 64 & test "$(pgrep -P $$ sleep)" = $! && echo child; '
     'test "$(pgrep -f \'sleep 6[4]\')" = $! && echo arguments; kill $!', 'child\narguments\n', 0),
    ('pgrep_prints_names', 'sleep 65 & pgrep -l sleep | grep -qx "$! sleep" && echo named; kill $!', 'named\n', 0),
    ('pkill_by_name', 'sleep 66 & pkill -x sleep; wait $!; echo $?', '143\n', 0),
    ('pidof_finds_all', 'sleep 67 & a=$!; sleep 67 & b=$!; pidof sleep | tr " " "\\n" | sort -n | tr "\\n" " "; '
     'kill $a $b; echo; echo $a $b', re.compile(r'\A(\d+ \d+) \n\1\n\Z'), 0),
    ('killall_asks_and_kills', 'sleep 68 & killall -0 sleep && echo there; killall -q sleep; wait $!; killall sleep',
     has(r'^there$', r'no process killed'), 1),
    ('pmap_shows_the_stack', 'sleep 69 & pmap $! >out; kill $!; cat out',
     has(r'^\d+: +sleep 69$', r' \[ ?stack ?\]$|\[stack\]', r'^mapped: +\d+K'), 0),
    ('free_adds_up', "free | awk '/^Mem/ {d = $2 - $3 - $4 - $6; print (d < 64 && d > -64), ($7 <= $2)}'", '1 1\n', 0),
    # The columns for the processor's number and for 100.0 per cent have no space between them.
    ('top_shows_the_busy_one', 'while :; do :; done & sleep 1; top -b -n2 -d1 >out; kill $!; '
     'awk -v p=$! \'$1 == p {n++; state = $4; cpu = $7 ~ /100\\.0$/ ? 100 : $8} END {print n, state, (cpu + 0 > 20)}\' out',
     re.compile(r'\A2 R 1\n|\A2 R 1$'), 0),
    ('uptime_goes_on', "a=$(cut -d. -f1 /proc/uptime); sleep 2; b=$(cut -d. -f1 /proc/uptime); echo $((b-a >= 1 && b-a < 20))",
     '1\n', 0),
    ('sysctl_reads_and_writes', 'h=$(hostname); sysctl -n kernel.ostype; sysctl -q -w kernel.hostname=other; hostname; '
     'hostname "$h"; sysctl vm.overcommit_memory', 'Linux\nother\nvm.overcommit_memory = 0\n', 0),
    ('links_of_a_shell', 'exec 3<>f 4>/dev/null; for i in exe cwd fd/3 fd/4; do readlink /proc/$$/$i; done; rm f; '
     'readlink /proc/$$/fd/3', re.compile(r'\A/bin/busybox\n(/tmp/cases/\w+)\n\1/f\n/dev/null\n\1/f \(deleted\)\n?\Z'), 0),
    ('dev_fd_is_ones_own', 'echo text >f; exec 5<f; cat /dev/fd/5; ls /dev/fd/5', 'text\n/dev/fd/5\n', 0),
    ('nproc_and_cpuinfo_agree', 'test "$(nproc)" = "$(grep -c ^processor /proc/cpuinfo)" && echo same', 'same\n', 0),
    ('mountpoint_knows', 'mountpoint -q /proc && echo yes; mountpoint -q /etc || echo no', 'yes\nno\n', 0),
]
