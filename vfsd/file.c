/*
 * Regular files: size, times and pages.
 *
 * The pages tell the size, and when they were last written and read. utimensat() sets times too, so
 * the inode keeps, beside its own times, the stamps that it has already taken over: only a stamp
 * that is another one than last time is news.
 */
#include "file.h"

#include "pages.h"

#include <ipc/vfs_server.h>

#define DAY 86400000000000ll

int32_t file_error(int32_t status)
{
    switch (status) {
    case JG_OK:
        return 0;
    case JG_ERR_NO_MEMORY:
        return VFS_ERROR_NOMEM;
    case JG_ERR_NO_SPACE:
    case JG_ERR_QUOTA:
        return VFS_ERROR_NOSPC;
    case JG_ERR_OUT_OF_RANGE:
    case JG_ERR_TOO_BIG:
        return VFS_ERROR_FBIG;
    default:
        return VFS_ERROR_IO;
    }
}

/* Takes the stamps as they are now for known, after a change of our own. */
static void acknowledge(struct file *file)
{
    struct pages_info info;

    if (pages_info(file->pages, &info))
        return;
    file->size = info.size;
    file->committed = (uint32_t)info.committed;
    file->seen_modified = info.modified;
    file->seen_accessed = info.accessed;
}

void file_refresh(struct inode *inode)
{
    struct file *file = &inode->file;
    struct pages_info info;
    int64_t last;

    if (inode_type(inode) != MODE_FILE || !(inode->flags & INODE_SHARED) || !file->pages)
        return;
    if (pages_info(file->pages, &info))
        return;
    file->size = info.size;
    file->committed = (uint32_t)info.committed;
    if (info.modified != file->seen_modified) {
        file->seen_modified = info.modified;
        inode->mtime = info.modified;
        if (inode->ctime < info.modified)
            inode->ctime = info.modified;
    }
    if (info.accessed != file->seen_accessed) {
        file->seen_accessed = info.accessed;
        last = inode->atime;
        /* relatime */
        if (last <= inode->mtime || last <= inode->ctime || info.accessed - last >= DAY)
            inode->atime = info.accessed;
    }
}

int32_t file_pages(struct inode *inode, jg_handle_t *out)
{
    int32_t status;

    if (!inode->file.pages) {
        status = pages_create(0, inode->fs->account, &inode->file.pages);
        if (status) {
            inode->file.pages = JG_HANDLE_NONE;
            return file_error(status);
        }
        acknowledge(&inode->file);
    }
    *out = inode->file.pages;
    return 0;
}

int32_t file_resize(struct inode *inode, uint64_t size)
{
    jg_handle_t pages;
    int32_t error;

    if (size > SIZE_LIMIT)
        return VFS_ERROR_FBIG;
    file_refresh(inode);
    if (size || inode->file.pages) {
        error = file_pages(inode, &pages);
        if (!error && size != inode->file.size)
            error = file_error(pages_set_size(pages, size));
        if (error)
            return error;
        acknowledge(&inode->file);
    }
    inode->mtime = inode->ctime = clock_wall();
    return 0;
}

int32_t file_fill(struct inode *inode, jg_handle_t image, uint64_t offset, uint64_t size)
{
    uint64_t whole = (size + JG_PAGE_SIZE - 1) & ~(JG_PAGE_SIZE - 1);
    struct file *file = &inode->file;
    int32_t status;

    if (!size)
        return 0;
    status = pages_create(whole, inode->fs->account, &file->pages);
    if (status) {
        file->pages = JG_HANDLE_NONE;
        return file_error(status);
    }
    status = pages_move(file->pages, image, offset, whole);
    if (!status && whole != size)
        status = pages_zero(file->pages, size, whole - size);
    if (!status && whole != size)
        status = pages_set_size(file->pages, size);
    if (status) {
        pages_close(file->pages);
        file->pages = JG_HANDLE_NONE;
        return file_error(status);
    }
    acknowledge(file);
    return 0;
}
