"""Which Linux tests make which system call: read from the sources of tests/linux, so that no list has to be kept.

A source makes a call when it names SYS_name, or calls the C library's function for it. What a library calls behind its
caller's back (malloc, printf, a thread's start) does not count. Comments and strings do not count either.
"""

import re

# The C library's functions, where they are called otherwise than the system call. SYS_name always counts.
LIBRARY = {
    "arch_prctl": [],
    "clone": ["clone", "pthread_create"],
    "exit": ["pthread_exit"],
    "exit_group": ["exit", "_exit", "_Exit"],
    "fadvise64": ["posix_fadvise"],
    "faccessat": ["faccessat", "eaccess"],
    "futex": ["futex", "pthread_mutex_lock", "pthread_cond_wait", "sem_wait"],
    "getdents64": ["readdir", "scandir", "getdents"],
    "mkdirat": ["mkdirat"],
    "mknodat": ["mknodat", "mkfifoat"],
    "mknod": ["mknod", "mkfifo"],
    "newfstatat": ["fstatat"],
    "open": ["open", "fopen"],
    "pread64": ["pread"],
    "prlimit64": ["prlimit", "getrlimit", "setrlimit"],
    "pselect6": ["pselect", "select"],
    "pwrite64": ["pwrite"],
    "rt_sigaction": ["sigaction", "signal"],
    "rt_sigpending": ["sigpending"],
    "rt_sigprocmask": ["sigprocmask", "pthread_sigmask"],
    "rt_sigqueueinfo": ["sigqueue"],
    "rt_sigreturn": ["sigaction"],  # each handler that returns
    "rt_sigsuspend": ["sigsuspend"],
    "rt_sigtimedwait": ["sigtimedwait", "sigwaitinfo", "sigwait"],
    "sched_getattr": [],
    "sched_setattr": [],
    "timer_getoverrun": ["timer_getoverrun"],
    "umount2": ["umount2", "umount"],
    "utimensat": ["utimensat", "futimens"],
    "wait4": ["wait4", "waitpid", "wait", "wait3", "CHECK_EXIT", "CHECK_KILLED"],
}

NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
WORD = re.compile(r"\bSYS_(\w+)|\b(\w+)(?=\()")


def words(text):
    """{word: how often} of the functions called and of the numbers named, the latter as SYS_name."""
    found = {}
    for match in WORD.finditer(NO_CODE.sub(" ", text)):
        word = match.group(2) or "SYS_" + match.group(1)
        found[word] = found.get(word, 0) + 1
    return found


def callers(root, names):
    """{name: [FAMILY/FILE.c, ...]} for each system call, those that make it most often first."""
    tests = root / "tests" / "linux"
    sources = {path.relative_to(tests).as_posix(): words(path.read_text(encoding="utf-8"))
               for path in sorted(tests.glob("*/*.c"))}
    result = {}
    for name in names:
        wanted = ["SYS_" + name, *LIBRARY.get(name, [name])]
        counts = {source: sum(found.get(word, 0) for word in wanted) for source, found in sources.items()}
        result[name] = sorted((s for s, n in counts.items() if n), key=lambda s: (-counts[s], s))
    return result
