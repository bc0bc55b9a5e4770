/*
 * The tables of answers without a server: given to a thread, taken away.
 *
 * In:    answers_replace() from jg_thread_set_answers, answers_drop() from thread_end().
 * Locks: the big lock.
 */
#include <mm/heap.h>
#include <object/answers.h>
#include <object/job.h>
#include <object/process.h>

jg_status_t answers_replace(struct thread *thread, unsigned entry, struct answers *made)
{
    struct answers *old = thread->answers[entry];
    struct job *job = thread->process->object.job;
    jg_status_t status;

    if (thread->state == THREAD_ENDED)
        return JG_ERR_BAD_STATE;
    if (made && !old) {
        status = job_charge(job, JOB_OBJECTS, 1);
        if (status != JG_OK)
            return status;
    } else if (old && !made) {
        job_uncharge(job, JOB_OBJECTS, 1);
    }
    thread->answers[entry] = made;
    thread->answers_hint[entry] = made ? made->hint : (struct answers_hint){0};
    heap_free(old);
    return JG_OK;
}

void answers_drop(struct thread *thread)
{
    for (unsigned entry = 0; entry < JG_ENTRIES; entry++)
        answers_replace(thread, entry, NULL);
}
