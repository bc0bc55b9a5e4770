/*
 * Proves order, removal and splicing of intrusive lists.
 */
#include "check.h"
#include <jg/rt/list.h>

struct item {
    int value;
    struct list link;
};

static int digits(const struct list *head)
{
    int n = 0;

    LIST_FOR_EACH(it, head)
    {
        n = n * 10 + LIST_ENTRY(it, struct item, link)->value;
        CHECK(it->next->prev == it && it->prev->next == it);
    }
    return n;
}

int main(void)
{
    struct list a = LIST_INIT(a), b = LIST_INIT(b);
    struct item i[5];

    for (int k = 0; k < 5; k++)
        i[k].value = k + 1;
    CHECK(list_empty(&a) && !list_pop(&a));
    list_add_tail(&a, &i[1].link);
    list_add_head(&a, &i[0].link);
    list_add_tail(&a, &i[2].link);
    CHECK(digits(&a) == 123);
    list_remove(&i[1].link);
    list_remove(&i[1].link);
    CHECK(digits(&a) == 13 && list_empty(&i[1].link));
    list_add_tail(&b, &i[3].link);
    list_add_tail(&b, &i[4].link);
    list_splice_tail(&a, &b);
    CHECK(digits(&a) == 1345 && list_empty(&b));
    list_splice_tail(&a, &b);
    LIST_FOR_EACH_SAFE(it, &a)
    {
        if (LIST_ENTRY(it, struct item, link)->value != 4)
            list_remove(it);
    }
    CHECK(digits(&a) == 4 && list_pop(&a) == &i[3].link && list_empty(&a));
    return 0;
}
