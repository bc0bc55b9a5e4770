/*
 * Executing programs: strings, images, the commit.
 */
#pragma once

#include <file.h>
#include <task.h>

/* Argument and environment strings, packed: argc strings, then envc, each with its zero. */
struct exec_strings {
    char *data;
    size_t used, room;
    size_t limit; /* of `used` and their pointers: exec_strings_limit() */
    unsigned argc, envc;
};

struct exec_request {
    struct file *file;     /* opened with execute permission; the caller's */
    char *path;            /* as given: AT_EXECFN, the name of the process */
    char interpreter[256]; /* of the script before, which is the argument of the next; else empty */
    bool hidden; /* `path` will not be there for an interpreter: a descriptor that exec closes */
    struct exec_strings strings;
};

/* How many bytes arguments, environment and their pointers may have: a quarter of the stack. */
size_t exec_strings_limit(const struct task *t);
/* -E2BIG when the strings with their pointers, and `more` bytes, are over the limit; else 0. */
int64_t exec_strings_fit(const struct exec_strings *s, size_t more);

/* Reads an array of string pointers from the program (va 0: none). 0, -EFAULT, -E2BIG, -ENOMEM. */
int64_t exec_read_strings(struct task *t, uint64_t array, struct exec_strings *to, unsigned *count);
/* Appends one of the server's own. */
int64_t exec_add_string(struct exec_strings *to, const char *s, size_t length);
/*
 * Replaces argv[0] by up to three strings (scripts): interpreter, optional argument, script path.
 */
int64_t exec_replace_first(struct exec_strings *to, const char *const *with, unsigned count);

struct walk;

/*
 * Opens a file for execution: regular, execute permission; without `follow` a symbolic link at the
 * end is ELOOP. 0 with a reference, or -errno.
 */
int64_t exec_open(struct walk *w, bool follow, struct file **out);

/* The new image of a process before anybody else sees it. */
struct image {
    struct mm *mm;
    uint64_t entry, stack_pointer;
    uint64_t vdso; /* 0: none */
};

/*
 * Loads the ELF program (and its interpreter) of `request` into a new mm. 0 or -errno (ENOEXEC,
 * ELIBBAD, ENOMEM, ...).
 */
int64_t elf_load(struct task *t, const struct exec_request *request, const struct cred *cred,
                 bool secure, struct image *image);

/* Does the file begin as a script? Then the interpreter line is put into the request and its file replaced. 1: done, try again;
 * 0: no script; -errno. */
int64_t script_apply(struct task *t, struct exec_request *request);

/* Reads from the start of an executable. Returns bytes or -errno. */
int64_t exec_read(struct file *f, void *buf, size_t size, uint64_t offset);
