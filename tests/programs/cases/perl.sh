#!/bin/bash
# root tools
# case perl.language 60
# case perl.processes 60
. /programs/common.sh

case $1 in
perl.language)
    same '2,4,6,8' "$(perl -e 'print join(",", map { $_ * 2 } 1 .. 4)')"
    same '1:3 2:1' "$(printf 'a b\na\na c\n' | perl -ne 'for (split) { $n{$_}++ } END { print join " ",
        map { "$i{$_}" . ++$k . ":$n{$_}" } (sort { $n{$b} <=> $n{$a} || $a cmp $b } keys %n)[0, 1] }')"
    printf 'one\ntwo\n' >file
    perl -i.bak -pe 's/two/2/' file
    same 'one 2 one two' "$(cat file file.bak | xargs)"
    same 'ok' "$(perl -MPOSIX -MFile::Find -MData::Dumper -MEncode -MStorable=freeze,thaw -MSocket -e '
        my $x = thaw(freeze({ a => [1, 2, 3] }));
        die unless $x->{a}[2] == 3 && floor(2.5) == 2 && length(encode("UTF-8", "\x{263a}")) == 3;
        my $n = 0; find(sub { $n++ if -f }, "/etc"); die "few" if $n < 20;
        print "ok"')" ;;
perl.processes)
    same 'child 7 hi' "$(perl -e 'my $p = fork; if (!$p) { exit 7 } waitpid $p, 0; print "child ", $? >> 8, " ", `echo hi`')"
    same 'alarm' "$(perl -e '$SIG{ALRM} = sub { print "alarm"; exit }; alarm 1; sleep 20')"
    same 'pipe 4950' "$(perl -e 'open my $f, "-|", "seq 0 99" or die; $s += $_ while <$f>; close $f; print "pipe $s"')"
    same 'locked' "$(perl -MFcntl=:flock -e 'open A, ">l"; open B, ">l"; flock A, LOCK_EX;
        print "locked" unless flock B, LOCK_EX | LOCK_NB')"
    same 'abc' "$(perl -MSocket -MIO::Handle -e 'socketpair A, B, AF_UNIX, SOCK_STREAM, PF_UNSPEC; A->autoflush;
        print A "abc\n"; print scalar <B>')"
    perl -Mthreads -MThread::Queue -e 'my $q = Thread::Queue->new(1 .. 50); $q->end;
        my @t = map { threads->create(sub { my $s = 0; while (defined(my $x = $q->dequeue)) { $s += $x } $s }) } 1 .. 3;
        my $all = 0; $all += $_->join for @t; die $all if $all != 1275' ;;
esac
