/*
 * Calls on resources, interrupts and ports of device I/O space.
 *
 * Locks: the big lock.
 */
#include <object/interrupt.h>
#include <object/port.h>
#include <object/resource.h>
#include <syscall/syscall.h>

SYSCALL(resource_create)
{
    struct object *parent;
    struct resource *resource;
    jg_status_t status = get(t, a, JG_TYPE_RESOURCE, JG_RIGHT_MANAGE, &parent);

    if (status == JG_OK)
        status =
            resource_create(job_of_thread(t), resource_of(parent), (uint32_t)b, c, d, &resource);
    if (status != JG_OK)
        return status;
    return new_handle(t, &resource->object, RIGHTS_COMMON | JG_RIGHT_MANAGE);
}

SYSCALL(interrupt_create)
{
    struct object *object, *port;
    struct interrupt *interrupt;
    struct jg_interrupt i;
    bool message;
    int64_t h;
    jg_status_t status = get(t, a, JG_TYPE_RESOURCE, 0, &object);

    if (status == JG_OK)
        status = get(t, c, JG_TYPE_PORT, JG_RIGHT_WAIT, &port);
    if (status != JG_OK)
        return status;
    if (!copy_from_user(&i, b, sizeof(i)))
        return JG_ERR_BAD_ADDRESS;
    if (i.flags & ~(JG_INTERRUPT_MESSAGE | JG_INTERRUPT_LEVEL))
        return JG_ERR_INVALID_ARGS;
    message = i.flags & JG_INTERRUPT_MESSAGE;
    status = resource_covers(resource_of(object), JG_RESOURCE_IRQ, message ? 0 : i.line,
                             message ? 0 : 1);
    /* A resource of kind IRQ with size 0 stands for messages, whatever its base. */
    if (status == JG_ERR_OUT_OF_RANGE && message && resource_of(object)->size == 0)
        status = JG_OK;
    if (status == JG_OK)
        status = interrupt_create(job_of_thread(t), &i, port_of(port), d, &interrupt);
    if (status != JG_OK)
        return status;
    h = new_handle(t, &interrupt->object, RIGHTS_COMMON | JG_RIGHT_SIGNAL);
    if (h > 0 && !copy_to_user(b, &i, sizeof(i))) {
        handle_close(&t->process->handles, (jg_handle_t)h);
        return JG_ERR_BAD_ADDRESS;
    }
    return h;
}

SYSCALL(interrupt_ack)
{
    struct object *interrupt;
    jg_status_t status = get(t, a, JG_TYPE_INTERRUPT, JG_RIGHT_SIGNAL, &interrupt);

    if (status == JG_OK)
        interrupt_ack(interrupt_of(interrupt));
    return status;
}

SYSCALL(port_io)
{
    struct jg_port_io v[JG_PORT_IO_MAX];
    struct object *resource;
    jg_status_t status = get(t, a, JG_TYPE_RESOURCE, 0, &resource);

    if (status != JG_OK)
        return status;
    if (c > JG_PORT_IO_MAX)
        return JG_ERR_OUT_OF_RANGE;
    if (!copy_from_user(v, b, c * sizeof(v[0])))
        return JG_ERR_BAD_ADDRESS;
    for (unsigned i = 0; i < c; i++) {
        if (v[i].width != 1 && v[i].width != 2 && v[i].width != 4)
            return JG_ERR_INVALID_ARGS;
        status = resource_covers(resource_of(resource), JG_RESOURCE_PORTS, v[i].port, v[i].width);
        if (status != JG_OK)
            return status;
        if (v[i].port + v[i].width > 0x10000u)
            return JG_ERR_OUT_OF_RANGE;
    }
    for (unsigned i = 0; i < c; i++) {
        if (v[i].write)
            arch_port_write(v[i].port, v[i].width, v[i].value);
        else
            v[i].value = arch_port_read(v[i].port, v[i].width);
    }
    return copy_to_user(b, v, c * sizeof(v[0])) ? JG_OK : JG_ERR_BAD_ADDRESS;
}
