#!/bin/bash
# case tar.fifty_megabytes 600
# case tar.five_megabytes 180 quick
# A tree packed, compressed, unpacked; its checksum is known beforehand.
. /programs/common.sh
trap 'rm -rf tree old tree.tar*' EXIT

# make_tree FILES
make_tree() {
    for i in $(seq "$1"); do
        mkdir -p "tree/$((i % 10))/$((i % 7))"
        seq "$i" $((i + 16500)) >"tree/$((i % 10))/$((i % 7))/file$i"
    done
}

if [ "$1" = tar.fifty_megabytes ]; then
    make_tree 561
    wanted=1c850f2599e39dc6fe00e8af52ce9bf7362c8312d65ae79042ebc05dab917fcb
else
    make_tree 54
    wanted=19354d531cbe5bb085b77b6858d40fd8fd3889782ce7de325e707ac765f04109
fi
same "$wanted" "$(sum_of_tree tree)"
tar -cf tree.tar tree
gzip -1 -k tree.tar
gzip -t tree.tar.gz
gzip -dc tree.tar.gz | cmp - tree.tar
mv tree old
tar -xzf tree.tar.gz
same "$wanted" "$(sum_of_tree tree)"
diff -r old tree
same "$(stat -c '%n %a %s %Y' tree/1/*)" "$(cd old && stat -c 'tree%n %a %s %Y' 1/* | sed 's/^tree/tree\//')"
