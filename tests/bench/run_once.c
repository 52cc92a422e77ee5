/* tests/bench/run_once.c: run a command once and say what it took.
 *
 *     run_once COMMAND [ARGUMENT…]
 *
 * The command reads our standard input; what it writes goes to /dev/null. Prints seconds, the peak of its resident
 * memory in KiB, and its exit status (128 and the signal, where one ended it).
 *
 * Why not from Python: Linux counts into the peak of a process what it had before exec, which is the memory of whoever
 * started it, forked, vforked or spawned: some 16 MiB of an interpreter. Here it is this program's, which is less than
 * what any other begins with. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t child;
    int status;
    if (argc < 2 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) != 0)
        return 1;
    double begin = now();
    if (posix_spawnp(&child, argv[1], &actions, NULL, argv + 1, environ) != 0 || wait4(child, &status, 0, &usage) < 0)
        return 1;
    double seconds = now() - begin;
    posix_spawn_file_actions_destroy(&actions);
    printf("%.6f %ld %d\n", seconds, usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
