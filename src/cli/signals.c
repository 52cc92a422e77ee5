/* cli/signals.c: see signals.h. */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>

/* Set by a signal; a handler gets no argument. */
static volatile int interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

const volatile int *cli_signals_heed(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    return &interrupted;
}
