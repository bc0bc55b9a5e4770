#!/bin/bash
# root tools
# case terminals.tmux 60
# case terminals.screen 60
# case terminals.vim 60
# Sessions that nobody is attached to, and an editor without a terminal.
. /programs/common.sh
export TERM=screen

# until_there FILE: some seconds for it to appear with something in it
until_there() {
    for _ in $(seq 100); do
        [ -s "$1" ] && return
        sleep 0.1
    done
    echo "$1 does not appear"
    exit 1
}

case $1 in
terminals.tmux)
    tmux -f /dev/null new-session -d -s work -x 90 -y 30 /bin/sh
    tmux send-keys -t work "tty >$PWD/tty; stty size >$PWD/size; echo m\"\"ark" Enter
    until_there size
    same '30 90' "$(cat size)"
    grep -q '^/dev/pts/[0-9]*$' tty
    for _ in $(seq 50); do tmux capture-pane -p -t work | grep -q '^mark' && break; sleep 0.1; done
    same mark "$(tmux capture-pane -p -t work | grep '^mark')"
    tmux split-window -t work "sleep 60"
    same 2 "$(tmux list-panes -t work | wc -l)"
    tmux send-keys -t work.1 C-c
    for _ in $(seq 50); do [ "$(tmux list-panes -t work | wc -l)" = 1 ] && break; sleep 0.1; done
    same 1 "$(tmux list-panes -t work | wc -l)"
    tmux kill-server ;;
terminals.screen)
    screen -dmS work sh -c "tty >$PWD/tty; sleep 60"
    until_there tty
    grep -q '^/dev/pts/[0-9]*$' tty
    screen -ls | grep -q '\.work.*(Detached)'
    screen -S work -X screen sh -c "echo second >$PWD/second; sleep 60"
    until_there second
    screen -S work -X quit
    for _ in $(seq 50); do screen -ls | grep -q '\.work' || break; sleep 0.1; done
    if screen -ls | grep '\.work'; then exit 1; fi ;;
terminals.vim)
    printf 'hello\nworld\nworld\n' >text
    vim -u NONE -es -c '%s/world/there/g' -c 'normal Gyyp' -c 'wq' text
    same 'hello there there there' "$(xargs <text)"
    vim -u NONE -es -c 'call writefile(systemlist("seq 5"), "numbers")' -c 'qa!' || true
    same '1 2 3 4 5' "$(xargs <numbers)"
    vim -u NONE -N -es -c 'set backup backupext=.old backupskip=' -c '1d' -c 'wq' text
    same 'there there there hello' "$(cat text | xargs) $(head -n 1 text.old)" ;;
esac
