"""BusyBox's programs and the shell's language: many commands in one boot, each one's output asserted.

A case is (name, commands, expectation, status): the expectation is the exact output, a tuple of possible
ones, a compiled pattern to be found in it, or a list of patterns. Output is stdout and stderr together; each case is
a script of its own, run in an empty folder.
"""

import re

from processes import PROCESSES


def has(*patterns):
    return [re.compile(pattern, re.M) for pattern in patterns]


PROGRAMS = [
    ('ls_of_the_root', 'ls -l /', has(r'^d.* bin$|^l.* bin -> ', r'^d\S+ .* proc$', r'^drwxrwxrwt .* tmp$',
                                      r'^d\S+ .* root$'), 0),
    ('ls_sorts_and_classifies', 'touch b a; mkdir c; ln -s a d; ls -F', 'a\nb\nc/\nd@\n', 0),
    ('ls_with_owner_size_and_link', 'printf 12345 >f; chmod 640 f; ln f g; ls -ln f',
     has(r'^-rw-r----- +2 0 +0 +5 \w+ +\d+ [\d:]+ f$'), 0),
    ('cat', 'echo one >a; echo two >b; cat a - b </dev/null', 'one\ntwo\n', 0),
    ('cat_missing', 'cat none', has(r"can't open 'none': No such file"), 1),
    ('ps', 'ps', has(r'^PID +USER +TIME +COMMAND', r'^ +1 root .*pid1', r'^ *\d+ root .* ps$'), 0),
    ('ps_shows_children', 'sleep 50 & ps; kill $!', has(r'^ *\d+ root .*sleep 50'), 0),
    ('ps_columns', 'ps -o pid,ppid,comm', has(r'^ +1 +0 pid1'), 0),
    ('top', 'top -b -n1', has(r'^Mem: \d+K used, \d+K free', r'^CPU: .*idle', r'^ +PID +PPID USER',
                             r'^ +1 +0 root .*pid1'), 0),
    ('df', 'df', has(r'^Filesystem +1K-blocks', r'^\S+ +\d+ +\d+ +\d+ +\d+% /$'), 0),
    ('mount', 'mount', has(r' on / type tmpfs \(rw', r'^proc on /proc type proc \('), 0),
    ('free', 'free', has(r'total +used +free', r'^Mem: +\d{4,} +\d+ +\d+'), 0),
    ('uptime', 'uptime', has(r'up \d+ min, .*load average: \d+\.\d+, \d+\.\d+, \d+\.\d+'), 0),
    ('date_of_a_second', 'TZ=UTC date -d @86399', has(r'^Thu Jan +1 23:59:59 UTC 1970$'), 0),
    ('date_now', 'test $(date +%Y) -ge 2025 && test $(date +%s) -gt 1735689600 && echo good', 'good\n', 0),
    ('id', 'id', has(r'^uid=0\(root\) gid=0\(root\)'), 0),
    ('whoami_hostname_uname', 'whoami; uname -s; uname -m; uname -r',
     has(r'^root$', r'^Linux$', r'^x86_64$', r'^6\.1\.0'), 0),
    ('env', 'A=1 env', has(r'^A=1$', r'^HOME=/root$', r'^PATH=.*/bin'), 0),
    ('find_libraries', "find / -name '*.so*' -not -path '/sys/*'", has(r'^/lib/ld-musl-x86_64\.so\.1$'), 0),
    ('find_by_kind_and_exec', 'mkdir -p a/b; touch a/x a/b/y; find a -type f -exec echo got {} + | sort; '
     'find a -type d | sort', ('got a/x a/b/y\na\na/b\n', 'got a/b/y a/x\na\na/b\n'), 0),
    ('grep_recursive', 'grep -r root: /etc', has(r'^/etc/passwd:root:x?\*?:0:0:'), 0),
    ('grep_counts_and_regexes', r"printf 'ab\nb\nabc\n' | grep -c ab; printf 'x1\ny22\n' | grep -E '[0-9]{2}'",
     '2\ny22\n', 0),
    ('grep_without_a_match', 'echo a | grep b', '', 1),
    ('sed', r"printf 'one\ntwo\n' | sed -e 's/o/0/g' -e '2d'; printf 'a b\n' | sed -E 's/(.) (.)/\2\1/'",
     '0ne\nba\n', 0),
    ('sed_in_place', "echo x >f; sed -i 's/x/y/' f; cat f", 'y\n', 0),
    ('awk', r"""printf '1 a\n2 b\n3 c\n' | awk '{s+=$1; t=t $2} END {print s, t, sin(0)}'""", '6 abc 0\n', 0),
    ('awk_splits_and_formats', r"""awk 'BEGIN {n=split("a:b:c",x,":"); printf "%d %s %.3f\n", n, x[3], 1/3}'""",
     '3 c 0.333\n', 0),
    ('tar_there_and_back', 'mkdir d; echo in >d/f; ln -s f d/l; ln d/f d/h; chmod 751 d; tar cf a.tar d; rm -r d; '
     'tar xf a.tar; cat d/l; stat -c %a d; stat -c %h d/h', 'in\n751\n2\n', 0),
    ('tar_gz_lists', 'mkdir d; touch d/a; tar czf a.tgz d; tar tzf a.tgz', 'd/\nd/a\n', 0),
    ('gzip', 'seq 1 5000 >f; md5sum <f; gzip f; test -e f && echo still; gunzip f.gz; md5sum <f; seq 1 5000 | md5sum',
     re.compile(r'\A(\w{32}  -\n)\1\1\Z'), 0),
    ('md5sum', 'printf hello | md5sum', '5d41402abc4b2a76b9719d911017c592  -\n', 0),
    ('sha256sum_checks', 'echo a >f; sha256sum f >s; sha256sum -c s; echo b >f; sha256sum -c s',
     has(r'^f: OK$', r'^f: FAILED$'), 1),
    ('sort', r"printf '10\n9\nb\na\n9\n' | sort -u; printf '3 x\n20 y\n' | sort -k1,1nr",
     '10\n9\na\nb\n20 y\n3 x\n', 0),
    ('sort_thousands', 'seq 20000 -1 1 | sort -n | md5sum; seq 1 20000 | md5sum',
     re.compile(r'\A(\w{32}  -\n)\1\Z'), 0),
    ('dd', 'dd if=/dev/zero of=f bs=4k count=100 2>/dev/null; stat -c %s f; dd if=f bs=1 skip=409590 2>&1',
     has(r'^409600$', r'^10\+0 records out'), 0),
    ('dd_seeks', 'printf abcdef >f; printf XY | dd of=f bs=1 seek=2 conv=notrunc 2>/dev/null; cat f', 'abXYef', 0),
    ('sleep', 'a=$(date +%s); sleep 2; b=$(date +%s); d=$((b-a)); test $d -ge 2 && test $d -le 4 && echo $((d/d))',
     '1\n', 0),
    ('kill_and_wait', 'sleep 100 & kill $!; wait $!; echo $?', has(r'^143$'), 0),
    ('kill_lists', 'kill -l 15; kill -l 9', 'TERM\nKILL\n', 0),
    ('kill_nobody', 'kill 99999', has(r"[Nn]o such process"), 1),
    ('vi_is_there', 'vi --help 2>&1 | head -n 3', has(r'Usage: vi'), 0),
    ('head_tail_tac_rev', 'seq 1 9 | head -n 4 | tail -n 2; printf "a\\nb\\n" | tac; echo abc | rev',
     '3\n4\nb\na\ncba\n', 0),
    ('tail_of_a_big_file', 'seq 1 100000 >f; tail -n 1 f; tail -c 7 f', '100000\n100000\n', 0),
    ('wc', r"printf 'one two\nthree\n' | wc", has(r'^ +2 +3 +14$'), 0),
    ('tr_cut_uniq_paste', r"printf 'b\na\na\n' | sort | uniq -c | tr -s ' ' | cut -d' ' -f2-; seq 4 | paste - -",
     '2 a\n1 b\n1\t2\n3\t4\n', 0),
    ('xargs', "seq 1 6 | xargs -n 2 echo; printf 'a b' | xargs -I{} echo '<{}>'", '1 2\n3 4\n5 6\n<a b>\n', 0),
    ('tee_and_cmp', 'echo x | tee a b; cmp a b && echo same; echo y >b; cmp -s a b; echo $?', 'x\nsame\n1\n', 0),
    ('diff', r"printf '1\n2\n' >a; printf '1\n3\n' >b; diff -u a b | tail -n 3", ' 1\n-2\n+3\n', 0),
    ('expr_seq_printf', r"expr 6 \* 7; seq -s, 1 3; printf '%03d|%-4s|%x\n' 7 ab 255", '42\n1,2,3\n007|ab  |ff\n', 0),
    ('od_hexdump_base64', r"printf '\001A\377' | od -An -tx1; printf hi | base64; echo aGk= | base64 -d",
     ' 01 41 ff\naGk=\nhi', 0),
    ('cp_mv_rm_deep', 'mkdir -p a/b/c; echo x >a/b/c/f; cp -a a z; mv z/b y; rm -r a z; find . | sort',
     '.\n./y\n./y/c\n./y/c/f\n', 0),
    ('rm_of_many', 'mkdir d; i=0; while [ $i -lt 500 ]; do : >d/$i; i=$((i+1)); done; rm -r d && ls', '', 0),
    ('cp_keeps_modes_and_times', 'echo x >a; chmod 604 a; touch -d "2001-02-03 04:05:06" a; cp -p a b; '
     'stat -c "%a %Y" a >1; stat -c "%a %Y" b | cmp - 1 && echo same', 'same\n', 0),
    ('ln_readlink_realpath', 'mkdir d; ln -s d l; touch d/f; readlink l; cd l; pwd -P | sed "s:.*/::"; cd ..; '
     'readlink -f l/f | sed "s:.*/d:d:"', 'd\nd\nd/f\n', 0),
    ('chmod_chown_stat', 'touch f; chmod u=rwx,go= f; chown 7:8 f; stat -c "%A %u %g" f', '-rwx------ 7 8\n', 0),
    ('du_counts', 'dd if=/dev/zero of=f bs=1k count=64 2>/dev/null; du -k f | cut -f1', '64\n', 0),
    ('split_and_cat', 'seq 1 1000 >f; split -l 300 f p.; ls p.*; cat p.* | cmp - f && echo same',
     'p.aa\np.ab\np.ac\np.ad\nsame\n', 0),
    ('which_and_type', 'which sh; type cd', has(r'^/bin/sh$', r'^cd is a'), 0),
    ('timeout_of_busybox', 'timeout 1 sleep 30; test $? -ge 124 && echo late', has(r'late'), 0),
    ('nohup_nice_time', 'nice -n 5 nice; time -p true', has(r'^5$', r'^real 0'), 0),
    ('su_to_nobody', 'cp /bin/busybox /tmp/bb 2>/dev/null; su -s /bin/sh nobody -c "id -u; touch /root/x"',
     has(r'^65534$', r'[Pp]ermission denied'), 1),
    ('mkfifo', 'mkfifo p; echo through >p & cat p; wait', 'through\n', 0),
    ('mktemp_and_test', 'f=$(mktemp); test -f $f && test ! -s $f && test -w $f && echo good; rm $f', 'good\n', 0),
    ('cpio_round_trip', 'mkdir d; echo x >d/f; find d | cpio -o -H newc >a 2>/dev/null; rm -r d; cpio -i <a '
     '2>/dev/null; cat d/f', 'x\n', 0),
    ('bc_or_dc', 'echo "2 3 + p" | dc', '5\n', 0),
    ('random_is_random', 'a=$(head -c 16 /dev/urandom | md5sum); b=$(head -c 16 /dev/urandom | md5sum); '
     'test "$a" != "$b" && echo good', 'good\n', 0),
    ('dev_full', 'echo x >/dev/full', has(r'No space left'), 1),
    ('proc_self', 'test "$(readlink /proc/self/exe | sed s:.*/::)" = readlink || readlink /proc/self/exe',
     re.compile(r'\A(/bin/busybox\n)?\Z'), 0),
    ('proc_self_fd', 'ls -l /proc/self/fd 2>/dev/null | grep -c " -> "', re.compile(r'\A[3-9]\n\Z'), 0),
    ('pgrep_pidof_killall', 'sleep 77 & p=$!; pidof sleep | tr " " "\\n" | grep -qx $p && echo found; killall sleep; '
     'wait $p; echo $?', has(r'^found$', r'^143$'), 0),
]

LANGUAGE = [
    ('five_stage_pipeline', 'seq 1 100 | grep 7 | sort -r | head -n 3 | tr "\\n" " "', '97 87 79 ', 0),
    ('redirections', 'echo a >f; echo b >>f; cat <f; echo e 2>&1 >/dev/null; { echo o; echo e >&2; } 2>err; cat err; '
     'exec 5<f; read x <&5; echo $x; exec 5<&-', 'a\nb\no\ne\na\n', 0),
    ('here_documents', 'x=5\ncat <<A; cat <<"B"\n$x $((x+1))\nA\n$x\nB\ncat <<-C\n\tindented\n\tC\n',
     '5 6\n$x\nindented\n', 0),
    ('here_document_of_200_kib', 'cat >f <<E\n' + ('0123456789abcde\n' * 12800) + 'E\nwc -c <f', '204800\n', 0),
    ('command_substitution', 'x=$(echo $(echo a; echo b)); echo "[$x]"; echo `echo c`; y=$(exit 3); echo $?',
     '[a b]\nc\n3\n', 0),
    ('substitution_of_a_megabyte', 'x=$(head -c 1000000 /dev/zero | tr "\\0" a); echo ${#x}', '1000000\n', 0),
    ('subshells_keep_to_themselves', 'x=1; (x=2; cd /; echo $x); echo $x; pwd | grep -c tmp', '2\n1\n1\n', 0),
    ('background_jobs_and_wait', '(sleep 1; echo late) & echo early; wait; (exit 5) & wait $!; echo $?',
     'early\nlate\n5\n', 0),
    ('ten_background_jobs', 'for i in 1 2 3 4 5 6 7 8 9 10; do (exit $i) & p="$p $!"; done; '
     'for q in $p; do wait $q; echo -n "$? "; done', '1 2 3 4 5 6 7 8 9 10 ', 0),
    ('traps', 'trap "echo usr" USR1; kill -USR1 $$; trap "echo bye" EXIT; (trap "echo term; exit 4" TERM; '
     'kill -TERM $(sh -c "echo \\$PPID"); sleep 5); echo $?', 'usr\nterm\n4\nbye\n', 0),
    ('trap_interrupts_wait', 'trap "echo got" USR1; sleep 30 & s=$!; (sleep 1; kill -USR1 $$) & wait $s; '
     'test $? -gt 128 && echo interrupted; kill $s', 'got\ninterrupted\n', 0),
    ('set_e_ends', 'sh -c "set -e; false; echo no"; echo $?; sh -c "set -e; false || true; if false; then :; fi; echo yes"',
     '1\nyes\n', 0),
    ('set_u_and_pipefail', 'sh -c "set -u; echo \\$none" 2>/dev/null; test $? != 0 && echo unset; '
     'set -o pipefail; false | true; echo $?', 'unset\n1\n', 0),
    ('functions', 'f() { local x=$1; [ $x -le 1 ] && echo 1 && return; echo $((x * $(f $((x-1))))); }; f 6; echo ${x:-none}',
     '720\nnone\n', 0),
    ('loop_of_five_thousand', 'i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done; echo $i', '5000\n', 0),
    ('loop_of_two_hundred_programs', 'i=0; while [ $i -lt 200 ]; do /bin/true || break; i=$((i+1)); done; echo $i',
     '200\n', 0),
    ('fifty_substitutions', 'i=0; while [ $i -lt 50 ]; do i=$(expr $i + 1); done; echo $i', '50\n', 0),
    ('thirty_pipelines', 'n=0; i=0; while [ $i -lt 30 ]; do n=$((n + $(echo abc | cat | cat | cat | wc -c))); '
     'i=$((i+1)); done; echo $n', '120\n', 0),
    ('case_and_globs', 'touch a.c b.c .h; echo *.c; for f in *; do case $f in a*) echo A;; *) echo B;; esac; done; '
     'echo [!a]*', 'a.c b.c\nA\nB\nb.c\n', 0),
    ('parameter_expansion', 'x=a/b/c.txt; echo ${x##*/} ${x%.*} ${x#*/} ${#x} ${y:-d} ${x:+s}',
     'c.txt a/b/c b/c.txt 9 d s\n', 0),
    ('arithmetic', 'echo $((7/2)) $((7%3)) $((1<<40)) $((0x1f)) $((3>2 && 1))', '3 1 1099511627776 31 1\n', 0),
    ('quoting', """a='x  y'; echo $a "$a" '$a' "\\$a" """, 'x y x  y $a $a\n', 0),
    ('read_loop', r"printf 'a 1\nb 2\n' | while read n v; do echo $v$n; done", '1a\n2b\n', 0),
    ('exec_replaces', 'sh -c "exec echo replaced; echo no"', 'replaced\n', 0),
    ('scripts_by_hash_bang', 'printf "#!/bin/sh\\necho \\$0 \\$1\\n" >s; chmod +x s; ./s arg; '
     'printf "echo plain\\n" >t; chmod +x t; ./t', './s arg\nplain\n', 0),
    ('status_of_what_dies', 'sh -c "kill -SEGV \\$\\$"; echo $?; none; echo $?; ./; echo $?',
     has(r'^139$', r'^127$', r'^126$'), 0),
    ('ulimit_of_files', 'ulimit -n 20; ulimit -n; i=3; while eval "exec $i</dev/null" 2>/dev/null && [ $i -lt 9 ]; do '
     'i=$((i+1)); done; echo $i', '20\n9\n', 0),
    ('umask_and_cd_dash', 'umask 027; umask; cd /; cd /tmp; cd - ', '0027\n/\n', 0),
    ('getopts_and_shift', 'set -- -a -b v rest; while getopts ab: o; do echo $o $OPTARG; done; shift $((OPTIND-1)); echo $*',
     'a\nb v\nrest\n', 0),
    ('signals_of_a_pipeline', 'yes | head -n 1; echo $?', 'y\n0\n', 0),
]

ALPINE_ONLY = [
    ('apk_version', 'apk --version', has(r'^apk-tools 2\.14'), 0),
    ('apk_info', 'apk info | sort', has(r'^alpine-baselayout$', r'^busybox$', r'^musl$', r'^apk-tools$'), 0),
    ('apk_info_who_owns', 'apk info -W /bin/busybox', has(r'/bin/busybox is owned by busybox-1\.36'), 0),
    ('apk_audits', 'apk info -e musl busybox', ('musl\nbusybox\n', 'busybox\nmusl\n'), 0),
    ('os_release', '. /etc/os-release; echo $VERSION_ID', '3.20.3\n', 0),
    ('openssl_library_loads', 'ssl_client 2>&1 | head -n 1', re.compile(r'.'), 0),
    ('ldd', 'ldd /bin/busybox', has(r'ld-musl-x86_64\.so\.1|libc\.musl'), 0),
    ('scanelf', 'scanelf -n /bin/busybox', has(r'libc\.musl-x86_64\.so\.1'), 0),
]


def cases(root):
    return PROGRAMS + PROCESSES + LANGUAGE + (ALPINE_ONLY if root == 'alpine' else [])


def script(chosen):
    """The shell script that runs these cases; marks tell them apart in its output."""
    lines = ['mkdir -p /tmp/cases']
    for name, commands, _, _ in chosen:
        here = f'/tmp/cases/{name}'
        lines += [f'mkdir {here}', f"cat >{here}.sh <<'@@script@@'", commands, '@@script@@',
                  f'echo "@@begin {name}"', f'(cd {here} && sh ../{name}.sh) </dev/null 2>&1',
                  f's=$?; echo; echo "@@end {name} $s"']
    return '\n'.join(lines) + '\nexit 0\n'


def fits(output, expectation):
    if isinstance(expectation, str):
        return output == expectation
    if isinstance(expectation, tuple):
        return output in expectation
    if isinstance(expectation, list):
        return all(pattern.search(output) for pattern in expectation)
    return bool(expectation.search(output))
