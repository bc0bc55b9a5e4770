#!/bin/bash
# root tools
# case tools.coreutils 120
# case tools.find 90
# case tools.archives 120
# case tools.text 60
# case tools.network_free 60
# case tools.processes 60
. /programs/common.sh

coreutils() {
    seq 20000 | shuf --random-source=/etc/passwd 2>/dev/null >mixed || seq 20000 | sort -R >mixed
    same "$(seq 20000 | sha256sum)" "$(sort -n --parallel=4 -S 100K -T . mixed | sha256sum)"
    mkdir -p a/b && printf x >a/b/f && ln a/b/f a/g && ln -s b/f a/s && mkfifo a/p
    cp -a a c
    same "$(cd a && find . -printf '%p %y %m %n %l\n' | sort)" "$(cd c && find . -printf '%p %y %m %n %l\n' | sort)"
    same 'a: b g p s a/b: f' "$(ls -R a | xargs)"
    dd if=/dev/zero of=big bs=64K count=160 status=none
    same "10485760 10240" "$(stat -c %s big) $(du -k big | cut -f1)"
    truncate -s 100M sparse
    same "0 104857600" "$(du -k sparse | cut -f1) $(du -b sparse | cut -f1)"
    cp --sparse=always big thin
    cmp big thin
    same 0 "$(du -k thin | cut -f1)"
    split -b 3M big part. && cat part.* | cmp - big && rm part.*
    install -D -m 640 a/b/f i/j/k && same 640 "$(stat -c %a i/j/k)"
    touch -d '2020-02-02 02:02:02 UTC' f1 && same 1580608922 "$(stat -c %Y f1)"
    same '1 2 3' "$(comm -12 <(seq 5) <(seq 0 3) | xargs)"
    timeout --preserve-status -s INT 0.3 sleep 20 || same 130 $?
    (tail -n 0 --retry -f log 2>/dev/null & tail=$!; sleep 0.5; echo line >>log; sleep 2; kill $tail) >followed
    same line "$(cat followed)"
    same '/usr/bin/bash' "$(realpath /bin/bash)"
    df -k . | tail -n 1 | grep -q '%'
    chmod -R u=rwX,go= c && same 700 "$(stat -c %a c/b)"
    rm -rf a c && [ ! -e a ]
}

find_and_xargs() {
    mkdir -p t/{1..20}
    for i in t/*; do touch "$i"/{a..j}; done
    same 200 "$(find t -type f | wc -l)"
    same 200 "$(find t -type f -print0 | xargs -0 -P 4 -n 7 sh -c 'for f; do echo x >"$f"; done; echo "$@"' sh | xargs -n 1 | wc -l)"
    same 400 "$(find t -type f -exec cat {} + | wc -c)"
    find t -name a -delete
    same 180 "$(find t -type f -newer /etc/hostname -size -1k -o -type f -size 2c | wc -l)"
    echo 1 2 3 | xargs -n 1 -P 3 sh -c 'exit $0' || same 123 $?
    same "$(find / -xdev | sort | sha256sum)" "$(find / -xdev | sort | sha256sum)"
}

archives() {
    for tool in gzip bzip2 xz zstd; do
        $tool -c </usr/bin/openssl >x.$tool
        $tool -dc <x.$tool | cmp - /usr/bin/openssl
    done
    (cd /usr/share && find perl5 | cpio -o -H newc 2>/dev/null) >c.cpio
    mkdir out && (cd out && cpio -id 2>/dev/null <../c.cpio)
    diff -r /usr/share/perl5 out/perl5
    rsync -a --delete /usr/share/perl5/ synced/ && diff -r /usr/share/perl5 synced
    echo more >>synced/extra && rsync -a --delete --checksum /usr/share/perl5/ synced/ && [ ! -e synced/extra ]
    tar -C /usr/share -cf - perl5 | tar -tf - | wc -l | grep -qx "$(find /usr/share/perl5 | wc -l)"
    tar -I zstd -C /usr/share -cf p.tar.zst perl5 && tar -xf p.tar.zst && diff -r perl5 /usr/share/perl5
}

text() {
    same '5050 100' "$(seq 100 | gawk '{ s += $1 } END { print s, NR }')"
    same 'A 2' "$(printf 'a 1\na 1\nb 5\n' | mawk '{ t[$1] += $2 } END { print toupper("a"), t["a"] }')"
    same 'date 3' "$(gawk 'BEGIN { "echo date" | getline d; print d, length(ENVIRON["LC_ALL"]) + 2 }')"
    same '3.14159265358979323844' "$(echo 'scale=20; 4*a(1)' | bc -l)"
    same 'hello m4 16' "$(printf 'define(x, hello $1)x(m4) eval(2 ** 4)\n' | m4)"
    same '< b' "$(diff <(printf 'a\nb\n') <(printf 'a\n') | grep '^<')"
    printf 'a\nb\nc\n' >1 && sed 's/b/B/' 1 >2
    diff -u 1 2 >p || true
    grep -q '^+B' p
    same '/etc/passwd /etc/passwd-' "$(cp /etc/passwd /etc/passwd- && grep -rlE '^root:.*:0:0:' /etc | sort | xargs)"
    file -b /usr/bin/bash | grep -q '^ELF 64-bit LSB pie executable, x86-64'
    same "$(tr a-z A-Z </etc/passwd | md5sum)" "$(sed 's/.*/\U&/' /etc/passwd | md5sum)"
}

network_free() {
    same "$(sha256sum </etc/passwd | cut -d' ' -f1)" "$(openssl dgst -sha256 -r /etc/passwd | cut -d' ' -f1)"
    same secret "$(echo secret | openssl enc -aes-256-cbc -pbkdf2 -k pass 2>/dev/null | openssl enc -d -aes-256-cbc -pbkdf2 -k pass)"
    openssl genpkey -algorithm ed25519 -out key && openssl pkey -in key -pubout -out pub
    openssl pkeyutl -sign -rawin -inkey key -in pub -out sig
    openssl pkeyutl -verify -rawin -pubin -inkey pub -in pub -sigfile sig | grep -q Successfully
    same "$(cat /etc/passwd)" "$(curl -s file:///etc/passwd)"
    curl -s http://127.0.0.1/ && exit 1
    same 64 "$(openssl rand -hex 32 | tr -d '\n' | wc -c)"
}

processes() {
    sleep 77 &
    local pid=$!
    same "$pid sleep 77" "$(ps -o pid=,args= -p $pid | sed 's/^ *//')"
    same "$pid" "$(pgrep -f '^sleep 77')"
    lsof -p $pid | grep -q '/usr/bin/sleep'
    fuser /usr/bin/sleep 2>/dev/null | grep -qw "$pid"
    pstree -p $$ | grep -q "sleep($pid)"
    renice -n 5 -p $pid >/dev/null && same 5 "$(ps -o ni= -p $pid | tr -d ' ')"
    top -b -n 1 | grep -q 'Tasks:'
    free | grep -q '^Mem:'
    vmstat | tail -n 1 | grep -q '[0-9]'
    uptime | grep -q 'load average'
    pkill -f '^sleep 77'
    wait $pid || same 143 $?
    prlimit --nofile=50 sh -c 'ulimit -n' | grep -qx 50
    same 3 "$(setsid sh -c 'exit 3' || echo $?)"
    echo | flock lockfile cat >/dev/null
    nice -n 3 sh -c 'nice' | grep -qx 3
    same 0-0 "$(taskset -c -p $$ | sed 's/.*: //; s/^0$/0-0/')"
}

case $1 in
tools.coreutils) coreutils ;;
tools.find) find_and_xargs ;;
tools.archives) archives ;;
tools.text) text ;;
tools.network_free) network_free ;;
tools.processes) processes ;;
esac
