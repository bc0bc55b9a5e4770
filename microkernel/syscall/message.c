/*
 * What a call carries beyond registers: windows and handles.
 *
 * In:    call_extra_read() when a call is made, jg_call_read, _write, _take, _give while it is served,
 *        call_receive() when its caller runs again.
 * Life:  struct call_extra in the caller's thread, valid while thread->extended. Handles in it belong to no table.
 * Locks: the big lock.
 */
#include <core/string.h>
#include <object/call.h>
#include <object/token.h>
#include <syscall/message.h>
#include <syscall/syscall.h>
#include <vm/aspace.h>

jg_status_t call_extra_read(struct thread *t, uint64_t user)
{
    struct call_extra *extra = &t->extra;
    struct jg_call_ext ext;
    jg_status_t status = JG_OK;

    if (!copy_from_user(&ext, user, sizeof(ext)))
        return JG_ERR_BAD_ADDRESS;
    *extra = (struct call_extra){
        .user = user,
        .in = ext.in,
        .in_size = ext.in_size,
        .out = ext.out,
        .out_size = ext.out_size,
    };
    if (ext.send_count > JG_CALL_HANDLES || ext.received_count > JG_CALL_HANDLES ||
        ext.in + ext.in_size < ext.in || ext.out + ext.out_size < ext.out)
        status = JG_ERR_INVALID_ARGS;
    extra->room = (uint8_t)MIN(ext.received_count, JG_CALL_HANDLES);
    t->extended = true;
    for (unsigned i = 0; i < MIN(ext.send_count, JG_CALL_HANDLES); i++) {
        jg_status_t taken =
            handle_remove(&t->process->handles, &ext.send[i], &extra->sent[extra->sent_count]);

        if (taken == JG_OK)
            extra->sent_count++;
        else if (status == JG_OK)
            status = taken;
    }
    if (status != JG_OK)
        call_extra_drop(t);
    return status;
}

HOT bool call_windows_read(struct thread *t, uint64_t user)
{
    struct call_extra *extra = &t->extra;
    struct jg_call_ext ext;

    if (unlikely(!copy_from_user(&ext, user, offsetof(struct jg_call_ext, send)) ||
                 ext.send_count || ext.received_count || ext.in + ext.in_size < ext.in ||
                 ext.out + ext.out_size < ext.out))
        return false;
    extra->user = user;
    extra->in = ext.in;
    extra->in_size = ext.in_size;
    extra->out = ext.out;
    extra->out_size = ext.out_size;
    extra->sent_count = extra->given_count = extra->room = 0;
    extra->gave = false;
    return true;
}

void call_receive(struct thread *t)
{
    struct call_extra *extra = &t->extra;
    struct jg_handle_received received[JG_CALL_HANDLES];
    uint32_t count = extra->given_count;
    jg_status_t status = JG_OK;

    memset(received, 0, sizeof(received));
    for (unsigned i = 0; i < count && status == JG_OK; i++) {
        int64_t h = handle_insert(&t->process->handles, &extra->given[i]);

        if (h < 0) {
            status = (jg_status_t)h;
            break;
        }
        received[i].handle = (jg_handle_t)h;
        received[i].rights = extra->given[i].rights;
        received[i].type = extra->given[i].object->type;
        extra->given[i].object = NULL;
    }
    if (status == JG_OK &&
        ((count &&
          aspace_write(t->arch.aspace, extra->user + offsetof(struct jg_call_ext, received),
                       received, count * sizeof(received[0]),
                       0) != (int64_t)(count * sizeof(received[0]))) ||
         aspace_write(t->arch.aspace, extra->user + offsetof(struct jg_call_ext, received_count),
                      &count, sizeof(count), 0) != sizeof(count)))
        status = JG_ERR_BAD_ADDRESS;
    if (status != JG_OK) {
        for (unsigned i = 0; i < count; i++)
            if (received[i].handle)
                handle_close(&t->process->handles, received[i].handle);
        arch_set_result(&t->arch, status);
    }
    call_extra_drop(t);
}

/* Where a caller may be read or written: in its call's window; a trapped thread, everywhere. */
static void find_window(const struct thread *caller, bool in, uint64_t *window, uint64_t *size)
{
    *window = *size = 0;
    if (caller->kind == JG_KIND_TRAP) {
        *size = JG_USER_TOP;
    } else if (caller->extended) {
        *window = in ? caller->extra.in : caller->extra.out;
        *size = in ? caller->extra.in_size : caller->extra.out_size;
    }
}

/* One copy through a window, all or nothing. `in`: from the caller's input window. */
static int64_t window_copy(struct thread *t, jg_token_t token, uint64_t offset, uint64_t buffer,
                           uint64_t size, bool in)
{
    struct aspace *mine = t->arch.aspace, *theirs;
    struct thread *caller;
    jg_status_t status = token_find(token, t->process, &caller);
    uint64_t window, window_size;
    uint8_t probe;
    int64_t n;

    if (status != JG_OK)
        return status;
    find_window(caller, in, &window, &window_size);
    if (offset > window_size || size > window_size - offset)
        return JG_ERR_OUT_OF_RANGE;
    if (!size)
        return JG_OK;
    theirs = caller->arch.aspace;
    n = in ? aspace_copy(mine, buffer, theirs, window + offset, size, 0)
           : aspace_copy(theirs, window + offset, mine, buffer, size, 0);
    if (n == (int64_t)size)
        return JG_OK;
    if (n == JG_ERR_NO_MEMORY)
        return n;
    /* Whose memory was it? Ours is known by reading the byte where it stopped. */
    n = MAX(n, 0);
    if (in)
        return aspace_read(theirs, window + offset + (uint64_t)n, &probe, 1, 0) == 1
                   ? JG_ERR_BAD_ADDRESS
                   : JG_ERR_PEER_CLOSED;
    return aspace_read(mine, buffer + (uint64_t)n, &probe, 1, 0) == 1 ? JG_ERR_PEER_CLOSED
                                                                      : JG_ERR_BAD_ADDRESS;
}

SYSCALL(call_read)
{
    return window_copy(t, a, b, c, d, true);
}

SYSCALL(call_write)
{
    return window_copy(t, a, b, c, d, false);
}

/* What comes with a trap is the thread itself. */
static int64_t take_thread(struct thread *t, struct thread *caller, uint64_t user, uint64_t room)
{
    const jg_rights_t rights = RIGHTS_COMMON | JG_RIGHT_MANAGE | JG_RIGHT_READ | JG_RIGHT_WRITE;
    struct jg_handle_received received = {.rights = rights, .type = JG_TYPE_THREAD};
    int64_t h;

    if (!room)
        return 0;
    h = handle_add(&t->process->handles, &caller->object, rights);
    if (h < 0)
        return h;
    received.handle = (jg_handle_t)h;
    if (copy_to_user(user, &received, sizeof(received)))
        return 1;
    handle_close(&t->process->handles, received.handle);
    return JG_ERR_BAD_ADDRESS;
}

SYSCALL(call_take)
{
    struct jg_handle_received received[JG_CALL_HANDLES];
    struct thread *caller;
    struct call_extra *extra;
    jg_status_t status = token_find(a, t->process, &caller);
    uint32_t count;

    if (status != JG_OK)
        return status;
    if (caller->kind == JG_KIND_TRAP)
        return take_thread(t, caller, b, c);
    extra = &caller->extra;
    count = caller->extended ? extra->sent_count : 0;
    count = (uint32_t)MIN(count, c);
    memset(received, 0, sizeof(received));
    for (uint32_t i = 0; i < count; i++) {
        int64_t h = handle_insert(&t->process->handles, &extra->sent[i]);

        if (h < 0) {
            status = (jg_status_t)h;
            break;
        }
        received[i].handle = (jg_handle_t)h;
        received[i].rights = extra->sent[i].rights;
        received[i].type = extra->sent[i].object->type;
    }
    if (status == JG_OK && count && !copy_to_user(b, received, count * sizeof(received[0])))
        status = JG_ERR_BAD_ADDRESS;
    if (status != JG_OK) {
        /* None was taken: what is in the table already goes back to the message. */
        for (uint32_t i = 0; i < count; i++) {
            struct handle_moving back;

            if (received[i].handle)
                handle_take_back(&t->process->handles, received[i].handle, &back);
        }
        return status;
    }
    for (uint32_t i = count; i < extra->sent_count; i++)
        extra->sent[i - count] = extra->sent[i];
    extra->sent_count -= (uint8_t)count;
    return count;
}

SYSCALL(call_give)
{
    struct jg_handle_send send[JG_CALL_HANDLES];
    struct thread *caller;
    struct call_extra *extra;
    jg_status_t status = token_find(a, t->process, &caller);
    uint32_t count = (uint32_t)MIN(c, JG_CALL_HANDLES);
    struct handle_moving given[JG_CALL_HANDLES];
    uint32_t moved = 0;

    if (!copy_from_user(send, b, count * sizeof(send[0])))
        return JG_ERR_BAD_ADDRESS;
    for (uint32_t i = 0; i < count; i++) {
        jg_status_t taken = handle_remove(&t->process->handles, &send[i], &given[moved]);

        if (taken == JG_OK)
            moved++;
        else if (status == JG_OK)
            status = taken;
    }
    if (status == JG_OK) {
        extra = &caller->extra;
        if (caller->kind != JG_KIND_CALL || !caller->extended || c > extra->room || extra->gave)
            status = JG_ERR_OUT_OF_RANGE;
    }
    if (status != JG_OK) {
        while (moved > 0)
            handle_drop(&given[--moved]);
        return status;
    }
    memcpy(extra->given, given, moved * sizeof(given[0]));
    extra->given_count = (uint8_t)moved;
    extra->gave = true;
    return JG_OK;
}
