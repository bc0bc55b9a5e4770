/*
 * Calls on handles of any type, and names.
 *
 * Locks: the big lock.
 */
#include <core/string.h>
#include <object/event.h>
#include <syscall/syscall.h>

jg_status_t get_name(uint64_t user, char *out)
{
    memset(out, 0, JG_NAME_MAX);
    if (!user)
        return JG_OK;
    for (unsigned i = 0; i < JG_NAME_MAX; i++) {
        if (!copy_from_user(&out[i], user + i, 1))
            return JG_ERR_BAD_ADDRESS;
        if (!out[i])
            return JG_OK;
    }
    return JG_ERR_TOO_BIG;
}

SYSCALL(handle_close)
{
    return handle_close(&t->process->handles, (jg_handle_t)a);
}

SYSCALL(handle_duplicate)
{
    struct handle_slot *slot = handle_slot(&t->process->handles, (jg_handle_t)a);
    jg_rights_t rights = (jg_rights_t)b;

    if (!slot)
        return JG_ERR_BAD_HANDLE;
    if (rights == JG_RIGHTS_SAME)
        rights = slot->rights;
    if (!(slot->rights & JG_RIGHT_DUPLICATE) || (rights & ~(jg_rights_t)slot->rights))
        return JG_ERR_ACCESS_DENIED;
    return handle_add(&t->process->handles, slot->object, rights);
}

SYSCALL(object_watch)
{
    struct object *object, *event = NULL;
    jg_status_t status = get(t, a, JG_TYPE_NONE, JG_RIGHT_INSPECT, &object);

    if (status == JG_OK && b != JG_HANDLE_NONE)
        status = get(t, b, JG_TYPE_EVENT, JG_RIGHT_SIGNAL, &event);
    if (status != JG_OK)
        return status;
    if (object->type != JG_TYPE_PROCESS && object->type != JG_TYPE_THREAD &&
        object->type != JG_TYPE_JOB && object->type != JG_TYPE_CHANNEL)
        return JG_ERR_WRONG_TYPE;
    object_watch(object, event ? event_of(event) : NULL, c);
    return JG_OK;
}
