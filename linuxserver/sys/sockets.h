/*
 * What the handlers of socket calls share.
 */
#pragma once

#include <linux.h>
#include <socket/socket.h>
#include <task.h>

/* The file of a descriptor with a reference: 0, -EBADF, or -ENOTSOCK. */
int64_t socket_get_file(struct task *t, int fd, struct file **out);

/* A name of the program's. 0, -EINVAL (too long) or -EFAULT. */
int64_t name_in(struct task *t, uint64_t va, int length, struct given_name *out);

/*
 * Tells a name (NULL: of a socket that has none) as accept(2) does: as much as there is room for, and
 * its true length. 0, -EINVAL or -EFAULT.
 */
int64_t name_out(struct task *t, const struct address *a, uint64_t va, uint64_t length_va);

/* struct msghdr and struct cmsghdr, as every 64-bit program has them. */
struct message_header {
    uint64_t name;
    int32_t name_length;
    uint32_t pad;
    uint64_t vector, count;
    uint64_t control, control_length;
    uint32_t flags, pad2;
};

struct control_header {
    uint64_t length;
    int32_t level, type;
};

_Static_assert(sizeof(struct message_header) == 56, "struct msghdr");
_Static_assert(sizeof(struct control_header) == 16, "struct cmsghdr");

#define CONTROL_ALIGN(n) (((n) + 7) & ~7ull)
#define SCM_RIGHTS       1
#define SCM_CREDENTIALS  2

/*
 * Reads what a program sends along: descriptors become o->rights, which the caller frees if they were
 * not sent. 0, -EINVAL, -EBADF, -EPERM, -ESRCH, -EFAULT, -ENOBUFS or -ENOMEM.
 */
int64_t control_in(struct task *t, uint64_t va, uint64_t length, struct outgoing *o);

/*
 * Gives what came along to the program: installs descriptors, writes h->control, and leaves in
 * h->control_length what was used. What there is no room for is dropped and told in in->result_flags.
 */
void control_out(struct task *t, struct message_header *h, struct incoming *in, bool wants_cred,
                 bool cloexec);
