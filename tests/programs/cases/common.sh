# What the scripts of this folder share. In: same WANTED GOT; root_of_time, the guest's missing places.
set -eu
export HOME=/root LC_ALL=C
[ -d /dev/shm ] || { mkdir /dev/shm && mount -t tmpfs shm /dev/shm; }

# Ends the case unless both texts are equal.
same() {
    if [ "$1" != "$2" ]; then
        printf 'wanted:\n%s\ngot:\n%s\n' "$1" "$2"
        exit 1
    fi
}

# The checksum of all names and contents below a folder.
sum_of_tree() {
    (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-64)
}
