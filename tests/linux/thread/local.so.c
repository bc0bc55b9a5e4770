/*
 * A library with variables of each thread: local.pie.c loads it while threads run.
 */
__thread int library_local = 17;
__thread char library_zeros[5000];

int *library_local_address(void)
{
    return &library_local;
}

char *library_zeros_address(void)
{
    return library_zeros;
}
