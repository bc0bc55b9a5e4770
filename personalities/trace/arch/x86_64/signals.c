/*
 * Signals, as a handler's frame shows them (x86-64 Linux): rdi is the number, rsi the siginfo, rdx the ucontext,
 * which lies right above the return address.
 */
#include <jg/arch/x86_64/regs.h>
#include <jg/stubs.h>

#include <linux/signal.h>

#include "../../trace.h"

static void add_origin(struct line *line, const siginfo_t *info)
{
    static const char *const children[] = {"?",          "CLD_EXITED", "CLD_KILLED",
                                           "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED",
                                           "CLD_CONTINUED"};
    int code = info->si_code;

    line_add(line, "{si_signo=");
    add_signal(line, (uint64_t)info->si_signo);
    if (info->si_signo == SIGCHLD && code > 0 && code < 7) {
        line_add(line, ", si_code=%s, si_pid=%d, si_uid=%d, si_status=", children[code],
                 info->si_pid, info->si_uid);
        if (code == 1)
            line_add(line, "%d", info->si_status);
        else
            add_signal(line, (uint64_t)info->si_status);
        line_add(line, ", si_utime=%ld, si_stime=%ld}", info->_sifields._sigchld._utime,
                 info->_sifields._sigchld._stime);
    } else if (code == SI_USER || code == SI_TKILL || code == SI_QUEUE) {
        line_add(line, ", si_code=%s, si_pid=%d, si_uid=%d}",
                 code == SI_USER    ? "SI_USER"
                 : code == SI_TKILL ? "SI_TKILL"
                                    : "SI_QUEUE",
                 info->si_pid, info->si_uid);
    } else if (code > 0 && code < SI_KERNEL) {
        line_add(line, ", si_code=%d, si_addr=0x%lx}", code, (uint64_t)info->si_addr);
    } else {
        line_add(line, code == SI_KERNEL ? ", si_code=SI_KERNEL}" : ", si_code=%d}", code);
    }
}

bool signal_add(struct traced *t, struct line *line)
{
    struct jg_regs regs;
    siginfo_t info;

    if (jg_thread_read_state(t->thread.thread, JG_STATE_REGS, &regs, sizeof regs) < 0 ||
        !regs.rdi || regs.rdi > 64 || regs.rdx != regs.rsp + 8 ||
        overlay_read(&t->thread, regs.rsi, &info, sizeof info) != sizeof info ||
        (uint64_t)info.si_signo != regs.rdi)
        return false;
    line_add(line, "--- ");
    add_signal(line, regs.rdi);
    line_add(line, " ");
    add_origin(line, &info);
    line_add(line, " ---");
    return true;
}
