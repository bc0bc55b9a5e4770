/*
 * System V message queues.
 */
#include "sysv.h"

struct text {
    long type;
    char text[64];
};

static int id;

static void begin(void)
{
    id = CHECK_FD(msgget(IPC_PRIVATE, 0600));
}

static void end_queue(void)
{
    msgctl(id, IPC_RMID, NULL);
}

static int send(long type, const char *text, int flags)
{
    struct text m = {.type = type};

    strcpy(m.text, text);
    return msgsnd(id, &m, strlen(text), flags);
}

/* Receives and checks. */
#define CHECK_GETS(wanted_type, flags, type_, text_)                                               \
    do {                                                                                           \
        struct text got = {0};                                                                     \
        CHECK_EQ(msgrcv(id, &got, sizeof got.text, wanted_type, (flags) | IPC_NOWAIT),             \
                 (ssize_t)strlen(text_));                                                          \
        CHECK_EQ(got.type, type_);                                                                 \
        CHECK_STR(got.text, text_);                                                                \
    } while (0)

static struct msqid_ds stat_of(void)
{
    struct msqid_ds ds;

    CHECK_OK(msgctl(id, IPC_STAT, &ds));
    return ds;
}

TEST(sysv, keys_lead_to_queues)
{
    CHECK_ERR(msgget(0x3a5e, 0), ENOENT);
    id = CHECK_FD(msgget(0x3a5e, IPC_CREAT | 0600));
    CHECK_EQ(msgget(0x3a5e, 0), id);
    CHECK_ERR(msgget(0x3a5e, IPC_CREAT | IPC_EXCL), EEXIST);
    end_queue();
    CHECK_ERR(msgget(0x3a5e, 0), ENOENT);
    CHECK_ERR(send(1, "x", IPC_NOWAIT), EINVAL);
}

TEST(sysv, messages_come_in_order)
{
    begin();
    CHECK_OK(send(3, "one", 0));
    CHECK_OK(send(1, "two", 0));
    CHECK_OK(send(2, "three", 0));
    CHECK_GETS(0, 0, 3, "one");
    CHECK_GETS(0, 0, 1, "two");
    CHECK_GETS(0, 0, 2, "three");
    end_queue();
}

TEST(sysv, a_type_is_picked)
{
    begin();
    CHECK_OK(send(3, "one", 0));
    CHECK_OK(send(1, "two", 0));
    CHECK_OK(send(1, "three", 0));
    CHECK_GETS(1, 0, 1, "two");
    CHECK_GETS(1, 0, 1, "three");
    CHECK_ERR(msgrcv(id, &(struct text){0}, 64, 1, IPC_NOWAIT), ENOMSG);
    CHECK_GETS(3, 0, 3, "one");
    end_queue();
}

TEST(sysv, a_negative_type_picks_the_lowest)
{
    begin();
    CHECK_OK(send(5, "five", 0));
    CHECK_OK(send(3, "three", 0));
    CHECK_OK(send(4, "four", 0));
    CHECK_OK(send(3, "three again", 0));
    CHECK_GETS(-4, 0, 3, "three");
    CHECK_GETS(-4, 0, 3, "three again");
    CHECK_GETS(-4, 0, 4, "four");
    CHECK_ERR(msgrcv(id, &(struct text){0}, 64, -4, IPC_NOWAIT), ENOMSG);
    CHECK_GETS((long)(1ul << 63), 0, 5, "five");
    end_queue();
}

TEST(sysv, except_picks_all_others)
{
    begin();
    CHECK_OK(send(5, "five", 0));
    CHECK_OK(send(3, "three", 0));
    CHECK_GETS(5, MSG_EXCEPT, 3, "three");
    CHECK_ERR(msgrcv(id, &(struct text){0}, 64, 5, IPC_NOWAIT | MSG_EXCEPT), ENOMSG);
    end_queue();
}

TEST(sysv, a_message_too_long_stays_unless_it_may_be_cut)
{
    struct text got = {0};

    begin();
    CHECK_OK(send(1, "0123456789", 0));
    CHECK_ERR(msgrcv(id, &got, 4, 0, IPC_NOWAIT), E2BIG);
    CHECK_EQ(stat_of().msg_qnum, 1);
    CHECK_EQ(msgrcv(id, &got, 4, 0, IPC_NOWAIT | MSG_NOERROR), 4);
    CHECK_STR(got.text, "0123");
    CHECK_EQ(stat_of().msg_qnum, 0);
    end_queue();
}

TEST(sysv, msg_copy_leaves_the_message)
{
    struct text got = {0};

    begin();
    CHECK_OK(send(4, "first", 0));
    CHECK_OK(send(5, "second", 0));
    if (msgrcv(id, &got, sizeof got.text, 1, IPC_NOWAIT | MSG_COPY) < 0 && errno == ENOSYS)
        SKIP("no MSG_COPY in this kernel");
    CHECK_EQ(got.type, 5);
    CHECK_STR(got.text, "second");
    CHECK_EQ(stat_of().msg_qnum, 2);
    CHECK_ERR(msgrcv(id, &got, sizeof got.text, 2, IPC_NOWAIT | MSG_COPY), ENOMSG);
    CHECK_ERR(msgrcv(id, &got, sizeof got.text, 0, MSG_COPY), EINVAL);
    CHECK_ERR(msgrcv(id, &got, sizeof got.text, 0, IPC_NOWAIT | MSG_COPY | MSG_EXCEPT), EINVAL);
    CHECK_ERR(msgrcv(id, &got, 2, 0, IPC_NOWAIT | MSG_COPY), E2BIG);
    end_queue();
}

TEST(sysv, what_msgsnd_refuses)
{
    static struct {
        long type;
        char text[8193];
    } m = {.type = 1};

    begin();
    CHECK_ERR(msgsnd(id, &m, 8193, 0), EINVAL);
    CHECK_OK(msgsnd(id, &m, 8192, 0));
    CHECK_OK(msgsnd(id, &m, 0, 0));
    CHECK_ERR(msgsnd(id, &m, (size_t)-1, 0), EINVAL);
    m.type = 0;
    CHECK_ERR(msgsnd(id, &m, 1, 0), EINVAL);
    m.type = -1;
    CHECK_ERR(msgsnd(id, &m, 1, 0), EINVAL);
    CHECK_ERR(msgsnd(id, (void *)8, 1, 0), EFAULT);
    CHECK_ERR(msgsnd(-1, (m.type = 1, &m), 1, 0), EINVAL);
    end_queue();
}

TEST(sysv, a_bad_buffer_loses_the_message)
{
    begin();
    CHECK_OK(send(1, "x", 0));
    CHECK_ERR(msgrcv(id, (void *)8, 10, 0, 0), EFAULT);
    CHECK_EQ(stat_of().msg_qnum, 0);
    CHECK_ERR(msgrcv(id, &(struct text){0}, (size_t)-1, 0, IPC_NOWAIT), EINVAL);
    CHECK_ERR(msgrcv(-1, &(struct text){0}, 10, 0, IPC_NOWAIT), EINVAL);
    end_queue();
}

TEST(sysv, a_queue_holds_16384_bytes)
{
    static struct {
        long type;
        char text[8192];
    } m = {.type = 1};
    struct msqid_ds ds;

    begin();
    CHECK_EQ(stat_of().msg_qbytes, 16384);
    CHECK_OK(msgsnd(id, &m, 8192, IPC_NOWAIT));
    CHECK_OK(msgsnd(id, &m, 8192, IPC_NOWAIT));
    CHECK_OK(msgsnd(id, &m, 0, IPC_NOWAIT));
    CHECK_ERR(msgsnd(id, &m, 1, IPC_NOWAIT), EAGAIN);
    ds = stat_of();
    CHECK_EQ(ds.__msg_cbytes, 16384);
    CHECK_EQ(ds.msg_qnum, 3);
    ds.msg_qbytes = 20000;
    CHECK_OK(msgctl(id, IPC_SET, &ds));
    CHECK_OK(msgsnd(id, &m, 1, IPC_NOWAIT));
    end_queue();
}

TEST(sysv, a_receiver_waits_for_its_type)
{
    pid_t pid;

    begin();
    pid = CHILD({
        struct text got = {0};

        CHECK_EQ(msgrcv(id, &got, sizeof got.text, 7, 0), 3);
        CHECK_STR(got.text, "yes");
    });
    until_asleep(pid);
    CHECK_OK(send(6, "no", 0));
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
    CHECK_OK(send(7, "yes", 0));
    CHECK_EXIT(pid, 0);
    CHECK_EQ(stat_of().msg_qnum, 1);
    CHECK_EQ(stat_of().msg_lrpid, pid);
    CHECK_EQ(stat_of().msg_lspid, getpid());
    end_queue();
}

TEST(sysv, a_waiting_receiver_without_room_is_told)
{
    pid_t pid;

    begin();
    pid = CHILD(CHECK_ERR(msgrcv(id, &(struct text){0}, 2, 0, 0), E2BIG));
    until_asleep(pid);
    CHECK_OK(send(1, "long", 0));
    CHECK_EXIT(pid, 0);
    CHECK_GETS(0, 0, 1, "long");
    end_queue();
}

TEST(sysv, a_sender_waits_for_room)
{
    static struct {
        long type;
        char text[8192];
    } m = {.type = 1};
    pid_t pid;

    begin();
    CHECK_OK(msgsnd(id, &m, 8192, 0));
    CHECK_OK(msgsnd(id, &m, 8192, 0));
    pid = CHILD(CHECK_OK(send(9, "late", 0)));
    until_asleep(pid);
    CHECK_EQ(msgrcv(id, &m, 8192, 0, 0), 8192);
    CHECK_EXIT(pid, 0);
    CHECK_GETS(9, 0, 9, "late");
    end_queue();
}

TEST(sysv, removal_ends_waits_of_both_sides)
{
    static struct {
        long type;
        char text[8192];
    } m = {.type = 1};
    pid_t reader, writer;

    begin();
    CHECK_OK(msgsnd(id, &m, 8192, 0));
    CHECK_OK(msgsnd(id, &m, 8192, 0));
    reader = CHILD(CHECK_ERR(msgrcv(id, &(struct text){0}, 64, 5, 0), EIDRM));
    writer = CHILD(CHECK_ERR(msgsnd(id, &m, 100, 0), EIDRM));
    until_asleep(reader);
    until_asleep(writer);
    CHECK_OK(msgctl(id, IPC_RMID, NULL));
    CHECK_EXIT(reader, 0);
    CHECK_EXIT(writer, 0);
}

TEST(sysv, a_signal_ends_msgrcv_and_msgsnd_always)
{
    static struct {
        long type;
        char text[8192];
    } m = {.type = 1};
    pid_t reader, writer;

    begin();
    CHECK_OK(msgsnd(id, &m, 8192, 0));
    CHECK_OK(msgsnd(id, &m, 8192, 0));
    reader =
        CHILD(catch_usr1(SA_RESTART); CHECK_ERR(msgrcv(id, &(struct text){0}, 64, 5, 0), EINTR));
    writer = CHILD(catch_usr1(SA_RESTART); CHECK_ERR(msgsnd(id, &m, 100, 0), EINTR));
    until_asleep(reader);
    until_asleep(writer);
    kill(reader, SIGUSR1);
    kill(writer, SIGUSR1);
    CHECK_EXIT(reader, 0);
    CHECK_EXIT(writer, 0);
    CHECK_EQ(stat_of().msg_qnum, 2);
    end_queue();
}

TEST(sysv, stopping_and_continuing_goes_on_waiting)
{
    pid_t pid;
    int status;

    begin();
    pid = CHILD(CHECK_EQ(msgrcv(id, &(struct text){0}, 64, 0, 0), 1));
    until_asleep(pid);
    kill(pid, SIGSTOP);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    kill(pid, SIGCONT);
    until_asleep(pid);
    CHECK_OK(send(1, "x", 0));
    CHECK_EXIT(pid, 0);
    end_queue();
}

TEST(sysv, who_may_use_a_queue)
{
    struct msqid_ds ds;

    id = CHECK_FD(msgget(0x3a5f, IPC_CREAT | 0602));
    CHECK_OK(send(1, "x", 0));
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        CHECK_ERR(msgget(0x3a5f, 0400), EACCES);
        CHECK_EQ(msgget(0x3a5f, 0200), id);
        CHECK_OK(send(2, "y", 0));
        CHECK_ERR(msgrcv(id, &(struct text){0}, 64, 0, IPC_NOWAIT), EACCES);
        CHECK_ERR(msgctl(id, IPC_STAT, &ds), EACCES);
        CHECK_ERR(msgctl(id, IPC_RMID, NULL), EPERM);
    });
    ds = stat_of();
    ds.msg_perm.uid = 1000;
    CHECK_OK(msgctl(id, IPC_SET, &ds));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        ds.msg_qbytes = 16385;
        CHECK_ERR(msgctl(id, IPC_SET, &ds), EPERM);
        ds.msg_qbytes = 1000;
        CHECK_OK(msgctl(id, IPC_SET, &ds));
        CHECK_OK(msgctl(id, IPC_RMID, NULL));
    });
}

TEST(sysv, times_of_a_queue)
{
    time_t now = time(NULL);

    begin();
    CHECK_EQ(stat_of().msg_stime, 0);
    CHECK_EQ(stat_of().msg_rtime, 0);
    CHECK_GE(stat_of().msg_ctime, now);
    CHECK_OK(send(1, "x", 0));
    CHECK_GE(stat_of().msg_stime, now);
    CHECK_GETS(0, 0, 1, "x");
    CHECK_GE(stat_of().msg_rtime, now);
    end_queue();
}

TEST(sysv, msg_info_and_proc_tell_of_queues)
{
    struct msginfo info;
    struct msqid_ds ds;
    char wanted[64], *text;
    int highest, found = 0;

    id = CHECK_FD(msgget(0x3a60, IPC_CREAT | 0640));
    CHECK_OK(send(1, "12345", 0));
    highest = msgctl(0, MSG_INFO, (struct msqid_ds *)&info);
    CHECK_GE(highest, 0);
    CHECK_GE(info.msgmap, 1);
    CHECK_GE(info.msgtql, 5);
    for (int i = 0; i <= highest; i++)
        found += msgctl(i, MSG_STAT, &ds) == id;
    CHECK_EQ(found, 1);
    CHECK_EQ(msgctl(0, IPC_INFO, (struct msqid_ds *)&info), highest);
    CHECK_EQ(info.msgmax, 8192);
    CHECK_EQ(info.msgmnb, 16384);
    CHECK_EQ(info.msgmni, 32000);
    text = test_read_file("/proc/sysvipc/msg", NULL);
    snprintf(wanted, sizeof wanted, "%10d %10d  %4o  %10u %10u %5u %5u", 0x3a60, id, 0640, 5, 1,
             getpid(), 0);
    CHECK(strstr(text, wanted));
    end_queue();
}

TEST(sysv, a_thousand_messages_between_two)
{
    pid_t pid;

    begin();
    pid = CHILD(for (int i = 1; i <= 1000; i++) {
        struct text got = {0};

        CHECK_EQ(msgrcv(id, &got, sizeof got.text, 0, 0), (ssize_t)sizeof i);
        CHECK_MEM(got.text, &i, sizeof i);
        CHECK_EQ(got.type, i);
    });
    for (int i = 1; i <= 1000; i++) {
        struct text m = {.type = i};

        memcpy(m.text, &i, sizeof i);
        CHECK_OK(msgsnd(id, &m, sizeof i, 0));
    }
    CHECK_EXIT(pid, 0);
    end_queue();
}
