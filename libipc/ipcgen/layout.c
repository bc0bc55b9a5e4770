/*
 * How each method travels: in words, or as a struct and data through the call's window.
 *
 * In:    layout_method() from the checker, for methods whose types are known.
 *
 * The rule, with its reasons, is the chapter "Layout" of docs/ipc.md.
 */
#include "idl.h"

static unsigned words_of(const struct param *p)
{
    if (p->kind == PARAM_WINDOW)
        return 1;
    return p->kind == PARAM_VALUE ? (p->type->size + 7) / 8 : 0;
}

/* The alignment of a parameter's member in the message's struct: lengths are uint32_t. */
static uint32_t member_align(const struct param *p)
{
    return param_is_variable(p) ? 4 : p->type->align;
}

static uint32_t member_size(const struct param *p)
{
    return param_is_variable(p) ? 4 : p->type->size;
}

/* The alignment of its variable data. Data is packed from the largest down, so no gap arises. */
static uint32_t data_align(const struct param *p)
{
    return p->kind == PARAM_ARRAY ? p->type->align : 1;
}

/*
 * Sorts stably: by alignment of the member, the largest first, then values before lengths, then
 * lengths by alignment of their data. So members have no gaps, and data follows in list order.
 */
static bool goes_before(const struct param *a, const struct param *b)
{
    if (member_align(a) != member_align(b))
        return member_align(a) > member_align(b);
    if (param_is_variable(a) != param_is_variable(b))
        return !param_is_variable(a);
    return param_is_variable(a) && data_align(a) > data_align(b);
}

static void sort_in(struct side *side, struct param *p)
{
    struct param **at = &side->sorted;

    while (*at && !goes_before(p, *at))
        at = &(*at)->next_sorted;
    p->next_sorted = *at;
    *at = p;
}

static void lay_words(struct side *side)
{
    unsigned word = 0;

    side->mode = SIDE_WORDS;
    for (struct param *p = side->params; p; p = p->next) {
        p->word = word;
        word += words_of(p);
    }
    side->words = word;
}

static bool lay_message(struct side *side)
{
    uint64_t data = 0;
    uint64_t fixed = 0;

    side->mode = SIDE_MESSAGE;
    side->words = 1;
    for (struct param *p = side->params; p; p = p->next)
        if (p->kind != PARAM_HANDLE)
            sort_in(side, p);
    for (struct param *p = side->sorted; p; p = p->next_sorted) {
        p->offset = (uint32_t)fixed;
        fixed += member_size(p);
        if (!param_is_variable(p))
            continue;
        p->slot = (uint32_t)data;
        p->data_max = (uint32_t)p->bound.number;
        if (p->kind == PARAM_ARRAY)
            p->data_max *= p->type->size;
        if (p->kind == PARAM_STRING)
            p->data_max++;
        data += p->data_max;
    }
    side->zero_bytes = (uint32_t)(-fixed & 7);
    side->fixed_size = (uint32_t)fixed + side->zero_bytes;
    side->data_max = (uint32_t)data;
    return fixed + data <= IDL_STACK_MAX;
}

/* Counts and refuses: more than one window, a window beside strings, too many handles. */
static bool survey(struct side *side, struct diag *d, uint64_t *words)
{
    bool good = true;

    *words = 0;
    for (struct param *p = side->params; p; p = p->next) {
        *words += words_of(p);
        side->variable |= param_is_variable(p);
        if (p->kind == PARAM_HANDLE && (p->handle = side->handles++) == IDL_HANDLES) {
            diag_error(d, p->pos, "more than %u handles in one direction", IDL_HANDLES);
            good = false;
        }
        if (p->kind != PARAM_WINDOW)
            continue;
        if (side->window) {
            diag_error(d, p->pos, "a second window in one direction: a call has one each way");
            good = false;
        }
        side->window = p;
    }
    if (side->window && side->variable) {
        diag_error(d, side->window->pos,
                   "`%.60s` is the call's window, so no string, bytes or array "
                   "can go the same way",
                   side->window->name);
        good = false;
    }
    return good;
}

/* `extra` words are taken by the room of the other direction's window. */
static bool lay(struct side *side, struct decl *method, struct diag *d, uint64_t words,
                unsigned extra)
{
    if (!side->variable && words + extra <= IDL_WORDS) {
        lay_words(side);
        return true;
    }
    if (side->window) {
        diag_error(d, side->window->pos,
                   "beside a window the rest must fit in %u words, and takes %llu", IDL_WORDS,
                   (unsigned long long)(words + extra));
        return false;
    }
    if (lay_message(side))
        return true;
    diag_error(d, method->pos, "one direction of `%.60s` takes more than %u bytes", method->name,
               IDL_STACK_MAX);
    return false;
}

void layout_method(struct idl *idl, struct decl *method, struct diag *d)
{
    struct side *in = &method->in;
    struct side *out = &method->out;
    uint64_t in_words;
    uint64_t out_words;
    bool good = survey(in, d, &in_words);

    (void)idl;
    good = survey(out, d, &out_words) && good;
    if (good)
        good = lay(in, method, d, in_words, out->window ? 1 : 0);
    if (good)
        good = lay(out, method, d, out_words, 0);
    if (good &&
        (uint64_t)in->fixed_size + in->data_max + out->fixed_size + out->data_max > IDL_STACK_MAX) {
        diag_error(d, method->pos, "`%.60s` takes more than %u bytes of the server's stack",
                   method->name, IDL_STACK_MAX);
        good = false;
    }
    method->broken |= !good;
}
