/*
 * procfs: mounts and mountinfo. vfsd tells the lines of mountinfo; those of mounts have the same
 * words in another order.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <server.h>

#include "inode.h"
#include "proc_task.h"

#define MOUNTS_MAX 65536

/* As seen from the root of the process. */
int64_t proc_mountinfo(struct task *reader, struct proc_node at, struct text *out)
{
    char *text = rt_alloc(MOUNTS_MAX);
    struct inode *root = NULL;
    struct task *t;
    size_t len = 0;
    int64_t err;

    (void)reader;
    if (!text)
        return -ENOMEM;
    mutex_lock(&tasks_lock);
    t = proc_task(at);
    if (t && t->fs)
        root = fs_inode(t->fs, true);
    mutex_unlock(&tasks_lock);
    if (root) {
        err = vfs_errno(vfs_mounts(root->session, root->node, text, MOUNTS_MAX, &len));
        inode_put(root);
    } else {
        err = -EINVAL;
    }
    if (!err)
        text_add_bytes(out, text, len);
    rt_free(text);
    return err;
}

#define WORDS 14 /* with the most tags that there are */

struct word {
    const char *text;
    int length;
};

/* Splits a line; returns where the next one begins. */
static size_t split(const struct text *from, size_t i, struct word words[WORDS])
{
    memset(words, 0, WORDS * sizeof *words);
    for (int k = 0; i < from->used && from->data[i] != '\n'; i++) {
        if (from->data[i] == ' ') {
            k++;
        } else if (k < WORDS) {
            if (!words[k].text)
                words[k].text = from->data + i;
            words[k].length++;
        }
    }
    return i + 1;
}

/* "ID PARENT DEVICE SHOWN POINT OPTIONS [TAGS] - TYPE SOURCE FSOPTIONS" */
enum { POINT = 4, OPTIONS };

/* The words behind the dash; NULL: there are not three. */
static const struct word *behind_dash(const struct word words[WORDS])
{
    for (int i = OPTIONS + 1; i + 3 < WORDS; i++)
        if (words[i].length == 1 && *words[i].text == '-')
            return words[i + 3].length < 2 ? NULL : &words[i + 1];
    return NULL;
}

static void add(struct text *out, struct word w)
{
    text_add_bytes(out, w.text, (size_t)w.length);
}

/* The line of /proc/PID/mounts: the options of both, but "rw" or "ro" once. */
static void add_mount(struct text *out, const struct word *w, const struct word fs[3])
{
    bool read_only = w[OPTIONS].text[1] == 'o' || fs[2].text[1] == 'o';

    add(out, fs[1]);
    text_add(out, " ");
    add(out, w[POINT]);
    text_add(out, " ");
    add(out, fs[0]);
    text_add(out, read_only ? " ro" : " rw");
    text_add_bytes(out, w[OPTIONS].text + 2, (size_t)w[OPTIONS].length - 2);
    text_add_bytes(out, fs[2].text + 2, (size_t)fs[2].length - 2);
    text_add(out, " 0 0\n");
}

int64_t proc_mounts(struct task *reader, struct proc_node at, struct text *out)
{
    struct word w[WORDS];
    struct text lines = {0};
    int64_t err = proc_mountinfo(reader, at, &lines);

    out->failed |= lines.failed;
    for (size_t i = 0; !err && i < lines.used;) {
        const struct word *fs;

        i = split(&lines, i, w);
        fs = behind_dash(w);
        if (fs)
            add_mount(out, w, fs);
    }
    rt_free(lines.data);
    return err;
}
