#!/bin/bash
# case stress.vm 60 quick
# case stress.mmap 60 quick
# case stress.mremap 60 quick
# case stress.brk 60 quick
# case stress.pipe 60 quick
# case stress.poll 60 quick
# case stress.futex 60 quick
# case stress.dir 60 quick
# case stress.rename 60 quick
# case stress.fallocate 60 quick
# case stress.fork 60 quick
# case stress.sigq 60 quick
# case stress.eventfd 60 quick
# case stress.epoll 60 quick
# case stress.sockpair 60 quick
# case stress.sockfd 60 quick
# case stress.shm 60 quick
# case stress.sem 60 quick
# A stressor of stress-ng for a second, its results verified. Its `sock` opens AF_UNIX sockets with TCP's
# protocol number, which no Linux allows; sockpair and sockfd are its other users of AF_UNIX.
. /programs/common.sh
stressor=${1#stress.}
more=
case $stressor in
vm) more='--vm-bytes 16M' ;;
mmap) more='--mmap-bytes 4M' ;;
mremap) more='--mremap-bytes 4M' ;;
fallocate) more='--fallocate-bytes 16M' ;;
esac
# shellcheck disable=SC2086
stress-ng "--$stressor" 1 $more --verify --timeout 1 --temp-path . 2>&1
