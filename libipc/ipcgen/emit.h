/*
 * From the checked model to C.
 *
 * In:    emit_client() and emit_server() from main, each a whole header.
 * Life:  pure: the same model gives the same bytes. Names of files, times and options do not enter.
 */
#pragma once

#include <stdio.h>

#include "idl.h"

/* Writes the whole client header, or the whole server header, of one interface to `f`. */
void emit_client(FILE *f, const struct idl *idl);
void emit_server(FILE *f, const struct idl *idl);

/* The parts that both headers hold, between guards: types, message structs with their checks,
 * names. */
void emit_types(FILE *f, const struct idl *idl);
void emit_messages(FILE *f, const struct idl *idl);
void emit_names(FILE *f, const struct idl *idl);

/* Prints the functions that answer kept calls, for the server header. */
void emit_replies(FILE *f, const struct idl *idl);

/* Prints a doc comment as a C comment; nothing for NULL. */
void emit_doc(FILE *f, const char *indent, const char *doc);

/* Prints the C parameters of one direction, each with a comma before it. */
void emit_params(FILE *f, const struct side *side, bool out, bool server);

/* Prints one parameter as whoever gives its value has it: `const char *text, size_t text_len`. */
void emit_param_in(FILE *f, const struct param *p);

/* Prints the C type of a value parameter: `uint32_t`, `bool`, `struct vfs_attr`. */
const char *c_type(const struct param *p);

/* Prints a condition that is true when `expression` (an lvalue) holds a value of its type. */
void emit_valid(FILE *f, const struct idl *idl, const struct type *type, const char *expression);

/* Prints `JG_RIGHT_A | JG_RIGHT_B`, or 0. */
void emit_rights(FILE *f, const struct param *p);

/* Prints a name in capitals. */
void emit_upper(FILE *f, const char *name);

static inline bool is_struct(const struct param *p)
{
    return p->kind == PARAM_VALUE && p->type->kind == TYPE_STRUCT;
}
