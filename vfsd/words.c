/*
 * Words. See words.h.
 *
 * A session may look while we write, on another processor. It sees a word before or after its
 * change; before means that the change has not been answered yet, and may as well come later.
 */
#include "words.h"

#include <ipc/vfs_server.h>
#include <jg/rt/string.h>

static uint64_t own[VFS_WORDS];
static uint64_t *words = own;
static uint64_t last;

unsigned words_of(const struct inode *inode)
{
    return 1 + (unsigned)((inode->ino + 61ull * inode->fs->dev) % (VFS_WORDS - 2));
}

_Static_assert(VFS_WORD_WATCHES == VFS_WORDS - 1, "no inode has it");

static void set(unsigned word)
{
    __atomic_store_n(&words[word], ++last, __ATOMIC_RELEASE);
}

void words_changed(const struct inode *inode)
{
    set(words_of(inode));
}

void words_watches_changed(void)
{
    set(VFS_WORD_WATCHES);
}

uint64_t words_last(void)
{
    return last;
}

void words_all_changed(void)
{
    set(WORD_MOUNTS);
}

void basis_of(const struct inode *inode, struct vfs_basis *out)
{
    memset(out, 0, sizeof *out);
    out->stamp = last;
    out->absent = !inode;
    if (!inode)
        return;
    out->count = 1;
    out->word[0] = (uint16_t)words_of(inode);
    if (inode_type(inode) == MODE_FILE && (inode->flags & INODE_SHARED)) {
        out->shared = true;
        out->modified = inode->file.seen_modified;
        out->accessed = inode->file.seen_accessed;
    }
}

void words_publish(uint64_t *page)
{
    for (unsigned i = 0; i < VFS_WORDS; i++)
        page[i] = words[i];
    words = page;
}

const uint64_t *words_page(void)
{
    return words;
}
