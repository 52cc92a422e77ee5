/* cli/signals.h: signals as a request to end. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/* From now on SIGINT, SIGTERM and SIGHUP (a terminal that was closed) ask the program to end: what is returned is not 0
 * then. A second signal ends the process at once; waiting is interrupted (no SA_RESTART). */
const volatile int *cli_signals_heed(void);

#endif
