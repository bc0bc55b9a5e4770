/*
 * The model of one .idl: what the parser makes, the checker completes and the emitters print.
 *
 * In:    idl_parse(), idl_check(); emit_client() and emit_server() in emit.h.
 * Life:  everything belongs to the file's arena. The checker fills in what is marked "checked".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

#define IDL_WORDS     8u     /* words that travel in registers: JG_CALL_WORDS */
#define IDL_HANDLES   4u     /* handles of one direction: JG_CALL_HANDLES */
#define IDL_STACK_MAX 16384u /* both buffers of one method in the dispatcher */

/* A position in the source; line and column count from 1. */
struct pos {
    uint32_t line;
    uint32_t column;
};

/* A number as written: a literal or the name of a constant. */
struct value {
    struct pos pos;
    const char *name; /* or NULL */
    bool given;
    bool negative;
    uint64_t number; /* checked, when named */
};

enum type_kind {
    TYPE_INT,
    TYPE_BOOL,
    TYPE_ENUM,
    TYPE_FLAGS,
    TYPE_STRUCT,
};

struct type {
    enum type_kind kind;
    const char *name; /* in the IDL */
    const char *c;    /* in C, as a member: "uint32_t", "struct vfs_attr" */
    uint32_t size;
    uint32_t align;
    bool is_signed;
    bool needs_check; /* some bit patterns are not valid */
};

/* An item of an enum or flags, or a field of a struct. */
struct member {
    struct member *next;
    struct pos pos;
    const char *name;
    const char *doc;
    struct pos type_pos;
    const char *type_name;   /* fields */
    struct value value;      /* items: the value; fields: the number of elements, if given */
    const struct type *type; /* checked */
    uint32_t offset;         /* checked */
};

enum param_kind {
    PARAM_VALUE, /* an integer, bool, enum, flags or struct */
    PARAM_STRING,
    PARAM_BYTES,
    PARAM_ARRAY,
    PARAM_WINDOW,
    PARAM_HANDLE,
};

struct right {
    struct right *next;
    struct pos pos;
    const char *name;
};

struct param {
    struct param *next;
    struct pos pos;
    struct pos type_pos;
    const char *name;
    enum param_kind kind;
    const char *type_name; /* of the value, the elements or the object */
    struct value bound;
    struct right *rights;
    const struct type *type;   /* checked; values and arrays */
    unsigned word;             /* checked; first word, in words mode */
    unsigned handle;           /* checked; index among the handles of its direction */
    uint32_t slot;             /* checked; where its data starts when all before it are full */
    uint32_t offset;           /* checked; of its member in the message's struct */
    uint32_t data_max;         /* checked; bytes of variable data at most */
    struct param *next_sorted; /* checked; order in the message's struct and of its data */
};

enum side_mode {
    SIDE_WORDS,   /* everything but handles and a window is in the words */
    SIDE_MESSAGE, /* a struct and variable data go through the call's window */
};

/* One direction of a method. */
struct side {
    struct param *params;
    enum side_mode mode;  /* all checked */
    struct param *sorted; /* message mode: values and variable data, by alignment */
    struct param *window;
    unsigned words; /* used, the room of the other side's window not counted */
    unsigned handles;
    uint32_t fixed_size; /* of the struct, a multiple of 8 */
    uint32_t zero_bytes; /* padding at its end */
    uint32_t data_max;
    bool variable; /* has strings, bytes or arrays */
};

enum decl_kind {
    DECL_CONST,
    DECL_ENUM,
    DECL_FLAGS,
    DECL_STRUCT,
    DECL_EVENT,
    DECL_METHOD,
};

struct decl {
    struct decl *next;
    enum decl_kind kind;
    struct pos pos;
    const char *name;
    const char *doc;
    struct value value; /* const; event: the first bit; method: its number */
    struct value count; /* event: how many bits, if given */
    struct pos base_pos;
    const char *base_name;  /* enum, flags */
    struct member *members; /* enum, flags, struct */
    struct type type;       /* checked; enum, flags, struct */
    struct side in, out;    /* method */
    bool broken;            /* an error was reported: types that use it are not reported again */
};

struct idl {
    struct arena *arena;
    const char *path;  /* as given, for messages */
    const char *name;  /* of the interface */
    const char *upper; /* the same in capitals; checked */
    struct pos pos;
    const char *doc;
    struct value version;
    struct decl *decls; /* in source order */
};

/* The messages of a run. They are sorted and printed at its end, so that one run tells everything.
 */
struct diag {
    struct arena *arena;
    const char *path;
    const char *text;
    size_t len;
    struct diag_line *lines;
    unsigned count;
};

__attribute__((format(printf, 3, 4))) void diag_error(struct diag *d, struct pos pos,
                                                      const char *format, ...);

/* Writes all messages to standard error in source order: file:line:column, the source line, a
 * caret. */
void diag_print(const struct diag *d);

/* Parses `len` bytes. Always returns a model, incomplete when errors were reported to `d`. */
struct idl *idl_parse(struct arena *a, const char *path, const char *text, size_t len,
                      struct diag *d);

/* Resolves names, computes layouts, and reports whatever cannot be generated. */
void idl_check(struct idl *idl, struct diag *d);

/* Second half of the check: decides how each method travels. Calls no other room. */
void layout_method(struct idl *idl, struct decl *method, struct diag *d);

/* Reports C names that two declarations would both produce, and names that C keeps to itself. */
void names_check(struct idl *idl, struct diag *d);

/* Returns the built-in type of that name, or NULL. */
const struct type *type_builtin(const char *name);

static inline bool param_is_variable(const struct param *p)
{
    return p->kind == PARAM_STRING || p->kind == PARAM_BYTES || p->kind == PARAM_ARRAY;
}
