#!/bb/links/sh
# Runs one case of BusyBox's tests, in the guest only: what testsuite/runtest, ash_test/run-all and
# hush_test/run-all do for all of theirs.
#
# In:   case.sh applet.NAME | ash.FOLDER.NAME | hush.FOLDER.NAME
# Out:  a line for each check: PASS, FAIL, SKIPPED or UNTESTED, a colon, its name; before a FAIL of an
#       applet what was run, behind it how the output differed.
unset LANG LC_ALL
export bindir=/bb tsdir=/bb/testsuite ECHO=echo

# Old-style: scripts in a folder named like the applet, each in an empty folder, failing at once.
old_style() {
    for script in "$tsdir/$1"/*; do
        name=${script##*/}
        for option in $(sed -n 's/^# FEATURE: //p' "$script"); do
            if grep -q "^# $option is not set" /bb/.config; then
                echo "UNTESTED: $name"
                continue 2
            fi
        done
        rm -rf "/bb/testsuite/.tmpdir.$1" && mkdir "/bb/testsuite/.tmpdir.$1" || exit
        cd "/bb/testsuite/.tmpdir.$1" || exit
        if d=$tsdir sh -x -e "$script" >"$name.stdout.txt" 2>&1; then
            echo "PASS: $name"
        else
            echo "FAIL: $name"
            cat "$name.stdout.txt"
        fi
    done
}

applet() {
    PATH=/bb/links:$tsdir:/bb:$PATH
    export OPTIONFLAGS=$(cat /bb/options) VERBOSE=1
    [ ! -d "$tsdir/$1" ] || old_style "$1"
    cd "$tsdir" || exit
    [ ! -f "$1.tests" ] || "./$1.tests"
}

# shell NAME FOLDER CASE
shell() {
    export TOPDIR=/bb/shell/$1_test
    export THIS_SH=$TOPDIR/$1 PATH=$TOPDIR:/bb/links:$PATH
    . /bb/environment
    cd "$TOPDIR/$1-$2" || exit
    output=$3.xx
    "$THIS_SH" "./$3.tests" >"$output" 2>&1
    [ $? != 77 ] || [ "$1" != hush ] || { echo "SKIPPED: $1.$2.$3"; return; }
    if [ "$1" = hush ]; then
        sed -i "/: invalid option /s:'::g" "$output"
    fi
    if cmp -s "$output" "$3.right"; then
        echo "PASS: $1.$2.$3"
    else
        echo "FAIL: $1.$2.$3"
        diff -u "$output" "$3.right"
    fi
}

case $1 in
applet.*) applet "${1#applet.}" ;;
*)
    IFS=.
    set -- $1
    unset IFS
    shell "$@"
    ;;
esac
exit 0
