#!/bin/bash
# case git.hundred_commits 300
# case git.ten_commits 60 quick
# Commits, a branch and its merge, a clone, and what git itself says of both.
. /programs/common.sh
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
count=100
[ "$1" = git.hundred_commits ] || count=10

git init -q -b main one
cd one
for i in $(seq $count); do
    echo "line $i" >>"file$((i % 7))"
    git add .
    git commit -q -m "commit $i"
done
git checkout -q -b side HEAD~3
echo side >side
git add side
git commit -q -m side
git checkout -q main
git merge -q -m merge side
cd ..
git clone -q one two 2>&1
git -C two fsck --full --strict 2>&1
git -C one gc -q
git -C one fsck --full --strict 2>&1
same $((count + 2)) "$(git -C two rev-list --count HEAD)"
same "$(git -C one rev-parse HEAD)" "$(git -C two rev-parse HEAD)"
[ "$count" = 10 ] || same "line 96" "$(tail -n 1 two/file5)"
same '' "$(git -C two status --porcelain)"
