/*
 * procfs: open texts.
 *
 * Life:  a text is made when it is read from the start, or from elsewhere than where the last read
 *        ended; a read that goes on sees the same text. So many small reads give one picture, and a
 *        rewind a new one. Long texts are made in parts (struct text, `cursor`).
 * Locks: the open text's own, while it is made and copied out.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <ipc/vfs_client.h>
#include <task.h>

#include "inode.h"
#include "proc_tree.h"

struct open_text {
    struct mutex lock;
    struct text text;  /* a part of the file ... */
    uint64_t base;     /* ... that begins here */
    uint64_t expected; /* where the last read ended */
    bool made, last;   /* is there a part; is it the last one */
};

static struct proc_node node_of(const struct file *f)
{
    return f->inode->proc;
}

/*
 * Makes the part that begins at `base`, which text.cursor stands for. Who may look into the process
 * was asked at the open; when that is no longer so (it has executed another program), there is
 * nothing more to see.
 */
static int64_t make_part(struct task *t, struct proc_node at, struct open_text *o)
{
    const struct proc_entry *e = proc_entry(at);
    uint64_t before = o->text.cursor;
    int64_t err = 0;

    o->text.used = 0;
    o->text.failed = false;
    o->made = o->last = true;
    if (e->kind == LOOKED && proc_check_look(t, at) == -EACCES)
        return 0;
    err = e->text(t, at, &o->text);
    if (!err && o->text.failed)
        err = -ENOMEM;
    o->last = o->text.cursor == before;
    if (err)
        o->made = false;
    return err;
}

/* Makes parts until one holds `pos`, or the last one is there. */
static int64_t seek_part(struct task *t, struct proc_node at, struct open_text *o, uint64_t pos)
{
    int64_t err = 0;

    if (!o->made || !pos || pos != o->expected) {
        o->base = 0;
        o->text.cursor = 0;
        err = make_part(t, at, o);
    }
    while (!err && !o->last && pos >= o->base + o->text.used) {
        o->base += o->text.used;
        err = make_part(t, at, o);
    }
    return err;
}

static int64_t text_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct open_text *o = f->data;
    uint64_t at = (uint64_t)pos;
    int64_t n;

    mutex_lock(&o->lock);
    do {
        n = seek_part(t, node_of(f), o, at);
        if (n || at >= o->base + o->text.used)
            break;
        n = io_put(io, o->text.data + (at - o->base), o->base + o->text.used - at);
        if (n > 0)
            o->expected = at += (uint64_t)n;
    } while (n > 0 && io->length);
    if (!n)
        o->expected = at;
    mutex_unlock(&o->lock);
    return at > (uint64_t)pos ? (int64_t)(at - (uint64_t)pos) : n;
}

#define VALUE_MAX 4096u

static int64_t text_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct proc_node at = node_of(f);
    const struct proc_entry *e = proc_entry(at);
    size_t length = io->length;
    char *value;
    int64_t n;

    (void)pos;
    if (!e->write)
        return at.pid ? -EINVAL : -EIO;
    value = rt_alloc(VALUE_MAX + 1);
    if (!value)
        return -ENOMEM;
    n = io_get(io, value, VALUE_MAX);
    if (n >= 0) {
        value[n] = 0;
        n = e->write(t, at, value, (size_t)n);
    }
    rt_free(value);
    return n ? n : (int64_t)length;
}

int64_t proc_file_stat(struct file *f, struct vfs_attr *out)
{
    return proc_stat(NULL, node_of(f), false, out);
}

static void text_release(struct file *f)
{
    struct open_text *o = f->data;

    rt_free(o->text.data);
    rt_free(o);
}

static const struct file_ops text_ops = {
    .name = "proc",
    .splice_in = true,
    .splice_out = true,
    .read = text_read,
    .write = text_write,
    .seek = plain_seek,
    .stat = proc_file_stat,
    .release = text_release,
};

int64_t proc_open_text(uint32_t flags, struct inode *inode, struct file **out)
{
    struct open_text *o = rt_zalloc(sizeof *o);

    if (!o)
        return -ENOMEM;
    *out = file_create(&text_ops, flags, inode, o);
    if (!*out)
        rt_free(o);
    return *out ? 0 : -ENOMEM;
}
