/*
 * Calls every method of an interface many times with random values and compares what
 * arrives; answered by the dispatcher, and then late.
 *
 * Built once for each interface: HARNESS is the header that ipcgen-harness made for it.
 */
#include HARNESS

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
    size_t count = sizeof harness_methods / sizeof harness_methods[0];

    fake_server = harness_serve;
    CHECK(harness_check_version() == JG_OK);
    for (unsigned i = 0; i < rounds; i++) {
        harness_seed(i);
        for (size_t m = 0; m < count; m++) {
            harness_late = false;
            harness_methods[m].round();
            harness_late = true;
            harness_methods[m].round();
        }
    }
    printf("%zu methods, %u rounds each\n", count, rounds);
    return 0;
}
