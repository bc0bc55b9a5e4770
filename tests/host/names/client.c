/* The name cache's side: its inodes, and walks for it. See client.h. */
#include "client.h"

#include <fs/namecache.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

static struct list inodes = LIST_INIT(inodes);

/* There is one thread: nobody waits for a lock. */
void mutex_lock_contended(struct mutex *m)
{
    (void)m;
    __builtin_trap();
}

void mutex_wake(struct mutex *m)
{
    (void)m;
    __builtin_trap();
}

struct inode *inode_of(jg_handle_t session, const struct vfs_attr *attr)
{
    struct inode *i;

    LIST_FOR_EACH(it, &inodes)
    {
        i = LIST_ENTRY(it, struct inode, link);
        if (i->node == attr->node) {
            i->node_refs++;
            return inode_get(i);
        }
    }
    i = rt_zalloc(sizeof *i);
    i->refs = i->node_refs = 1;
    i->session = session;
    i->node = attr->node;
    i->mode = attr->mode;
    list_add_tail(&inodes, &i->link);
    return i;
}

void inode_put(struct inode *i)
{
    if (!i || --i->refs)
        return;
    list_remove(&i->link);
    if (i->backing.vmo)
        jg_handle_close(i->backing.vmo);
    vfs_close(i->session, i->node, i->node_refs);
    rt_free(i);
}

int inode_vmo(struct inode *i, jg_handle_t *vmo)
{
    if (!i->backing.vmo && vfs_vmo(i->session, i->node, &i->backing.vmo))
        return -1;
    *vmo = i->backing.vmo;
    return 0;
}

void client_start(void)
{
    namecache_start(1);
}

static struct walk *walk_for(const char *path, const struct vfs_cred *who)
{
    static struct walk w;

    w.session = 1;
    w.place = (struct vfs_place){1, 1};
    w.cred = *who;
    w.length = strlen(path);
    memcpy(w.path, path, w.length + 1);
    return &w;
}

int32_t client_stat(const char *path, uint32_t how, const struct vfs_cred *who,
                    struct vfs_attr *found)
{
    return namecache_stat(walk_for(path, who), how, found);
}

int32_t client_open(const char *path, uint32_t how, const struct vfs_cred *who, void **inode)
{
    struct inode *i;
    uint32_t foreign;
    int32_t result = namecache_open(walk_for(path, who), how, 0644, &i, &foreign);

    *inode = i;
    return result;
}

int32_t client_attr(void *inode, struct vfs_attr *found)
{
    return namecache_attr(inode, found);
}

jg_handle_t client_pages(void *inode)
{
    jg_handle_t vmo = JG_HANDLE_NONE;

    inode_vmo(inode, &vmo);
    return vmo;
}

void client_close(void *inode)
{
    inode_put(inode);
}

void client_gone(uint32_t word)
{
    namecache_gone(word);
}

void client_shrink(bool all)
{
    namecache_shrink(all);
}

unsigned client_inodes(void)
{
    unsigned n = 0;

    LIST_FOR_EACH(it, &inodes)
    n++;
    return n;
}
