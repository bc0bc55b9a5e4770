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

#define WORDS 10

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

/* "ID PARENT DEVICE SHOWN POINT OPTIONS - TYPE SOURCE FSOPTIONS" */
enum { POINT = 4, OPTIONS, DASH, TYPE, SOURCE, FS_OPTIONS };

int64_t proc_mounts(struct task *reader, struct proc_node at, struct text *out)
{
    struct word w[WORDS];
    struct text lines = {0};
    int64_t err = proc_mountinfo(reader, at, &lines);

    out->failed |= lines.failed;
    for (size_t i = 0; !err && i < lines.used;) {
        i = split(&lines, i, w);
        if (w[FS_OPTIONS].length < 2)
            continue;
        /* The options of both, but "rw" or "ro" once. */
        text_add_bytes(out, w[SOURCE].text, (size_t)w[SOURCE].length);
        text_add(out, " ");
        text_add_bytes(out, w[POINT].text, (size_t)w[POINT].length);
        text_add(out, " ");
        text_add_bytes(out, w[TYPE].text, (size_t)w[TYPE].length);
        text_add(out, " ");
        text_add_bytes(out, w[OPTIONS].text, (size_t)w[OPTIONS].length);
        text_add_bytes(out, w[FS_OPTIONS].text + 2, (size_t)w[FS_OPTIONS].length - 2);
        text_add(out, " 0 0\n");
    }
    rt_free(lines.data);
    return err;
}
