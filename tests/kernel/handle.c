/* Handles: close, duplicate, rights, generations, information, watches. */
#include "test.h"

TEST(handle, close_twice_is_a_bad_handle)
{
    jg_handle_t h = (jg_handle_t)jg_port_create();

    CHECK((int32_t)h > 0);
    CHECK_EQ(jg_handle_close(h), JG_OK);
    CHECK_EQ(jg_handle_close(h), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_handle_close(JG_HANDLE_NONE), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_handle_close(0x7fffffff), JG_ERR_BAD_HANDLE);
}

TEST(handle, a_reused_slot_has_another_value)
{
    jg_handle_t a = (jg_handle_t)jg_port_create(), b;

    CHECK_EQ(jg_handle_close(a), JG_OK);
    b = (jg_handle_t)jg_port_create();
    CHECK(a != b);
    CHECK_EQ(jg_handle_duplicate(a, JG_RIGHTS_SAME), JG_ERR_BAD_HANDLE);
    CHECK_EQ(jg_handle_close(b), JG_OK);
}

TEST(handle, duplicate_only_shrinks_rights)
{
    jg_handle_t vmo = (jg_handle_t)jg_vmo_create(4096, 0, 0), less, none;
    struct jg_info_handle info;

    CHECK((int32_t)vmo > 0);
    less = (jg_handle_t)jg_handle_duplicate(vmo,
                                            JG_RIGHT_READ | JG_RIGHT_DUPLICATE | JG_RIGHT_INSPECT);
    CHECK((int32_t)less > 0);
    CHECK_EQ(jg_object_info(less, JG_INFO_HANDLE, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.rights, JG_RIGHT_READ | JG_RIGHT_DUPLICATE | JG_RIGHT_INSPECT);
    CHECK_EQ(info.type, JG_TYPE_VMO);
    CHECK_EQ(jg_handle_duplicate(less, JG_RIGHT_WRITE), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_vmo_set_size(less, 0), JG_ERR_ACCESS_DENIED);
    none = (jg_handle_t)jg_handle_duplicate(less, 0);
    CHECK((int32_t)none > 0);
    CHECK_EQ(jg_handle_duplicate(none, 0), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_object_info(none, JG_INFO_HANDLE, &info, sizeof(info)), JG_ERR_ACCESS_DENIED);
    CHECK_EQ(jg_handle_close(none), JG_OK);
    CHECK_EQ(jg_handle_close(less), JG_OK);
    CHECK_EQ(jg_handle_close(vmo), JG_OK);
}

TEST(handle, two_handles_have_one_koid_and_objects_have_different_ones)
{
    jg_handle_t a = (jg_handle_t)jg_port_create(), b = (jg_handle_t)jg_port_create();
    jg_handle_t a2 = (jg_handle_t)jg_handle_duplicate(a, JG_RIGHTS_SAME);
    struct jg_info_handle ia, ia2, ib;

    CHECK_EQ(jg_object_info(a, JG_INFO_HANDLE, &ia, sizeof(ia)), sizeof(ia));
    CHECK_EQ(jg_object_info(a2, JG_INFO_HANDLE, &ia2, sizeof(ia2)), sizeof(ia2));
    CHECK_EQ(jg_object_info(b, JG_INFO_HANDLE, &ib, sizeof(ib)), sizeof(ib));
    CHECK_EQ(ia.koid, ia2.koid);
    CHECK(ia.koid != ib.koid);
    jg_handle_close(a);
    jg_handle_close(a2);
    jg_handle_close(b);
}

TEST(handle, info_errors)
{
    struct jg_info_handle info;
    struct jg_info_vmo vmo;
    jg_handle_t port = (jg_handle_t)jg_port_create();

    CHECK_EQ(jg_object_info(port, JG_INFO_HANDLE, &info, 3), JG_ERR_TOO_BIG);
    CHECK_EQ(jg_object_info(port, JG_INFO_HANDLE, (void *)8, 64), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_object_info(port, JG_INFO_HANDLE, (void *)0xffff800000000000, 64),
             JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_object_info(port, JG_INFO_VMO, &vmo, sizeof(vmo)), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_object_info(port, JG_INFO_TASK, &vmo, sizeof(vmo)), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_object_info(port, 4711, &vmo, sizeof(vmo)), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_object_info(77777, JG_INFO_HANDLE, &info, sizeof(info)), JG_ERR_BAD_HANDLE);
    jg_handle_close(port);
}

TEST(handle, ten_thousand_handles_come_and_go)
{
    static jg_handle_t h[10000];
    struct jg_info_job before, after;

    job_use(&before);
    for (unsigned i = 0; i < 10000; i++) {
        int64_t got = jg_handle_duplicate(my_job, JG_RIGHTS_SAME);

        CHECK(got > 0);
        h[i] = (jg_handle_t)got;
    }
    for (unsigned i = 0; i < 10000; i++)
        CHECK_EQ(jg_handle_close(h[i]), JG_OK);
    job_use(&after);
    CHECK_EQ(after.handles, before.handles);
}

TEST(handle, an_unknown_call_is_not_supported)
{
    CHECK_EQ(jg_syscall6(0, 0, 0, 0, 0, 0, 0), JG_ERR_NOT_SUPPORTED);
    CHECK_EQ(jg_syscall6(9999, 0, 0, 0, 0, 0, 0), JG_ERR_NOT_SUPPORTED);
    CHECK_EQ(jg_syscall6((unsigned)-1, 0, 0, 0, 0, 0, 0), JG_ERR_NOT_SUPPORTED);
}

TEST(watch, a_channel_end_tells_when_its_peer_closes)
{
    jg_handle_t port = (jg_handle_t)jg_port_create(), end[2];
    jg_handle_t event = (jg_handle_t)jg_event_create(port, 7);
    struct jg_received r;

    CHECK_EQ(jg_channel_create(end), JG_OK);
    CHECK_EQ(jg_object_watch(end[0], event, 4), JG_OK);
    CHECK_EQ(poll_port(port, &r), JG_ERR_WOULD_BLOCK);
    jg_handle_close(end[1]);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(JG_INFO_KIND(r.info), JG_KIND_EVENT);
    CHECK_EQ(r.key, 7);
    CHECK_EQ(r.word[0], 4);
    /* It has ended: a new watch is raised at once, a removed one never. */
    CHECK_EQ(jg_object_watch(end[0], event, 8), JG_OK);
    CHECK_EQ(poll_port(port, &r), JG_OK);
    CHECK_EQ(r.word[0], 8);
    CHECK_EQ(jg_object_watch(end[0], JG_HANDLE_NONE, 0), JG_OK);
    CHECK_EQ(jg_object_watch(event, event, 1), JG_ERR_WRONG_TYPE);
    CHECK_EQ(jg_object_watch(end[0], end[0], 1), JG_ERR_WRONG_TYPE);
    jg_handle_close(end[0]);
    jg_handle_close(event);
    jg_handle_close(port);
}
