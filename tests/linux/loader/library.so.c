/*
 * A library that pie.pie.c opens while it runs.
 */
int library_constructed;
static __thread int counter = 100;

int library_add(int a, int b);
int library_next(void);

__attribute__((constructor)) static void construct(void)
{
    library_constructed = 7;
}

int library_add(int a, int b)
{
    return a + b;
}

int library_next(void)
{
    return ++counter;
}
