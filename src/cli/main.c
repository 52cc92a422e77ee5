/* cli/main.c: where the program begins and ends. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("atobarai " ATOBARAI_VERSION);
        return 0;
    }
    return 2;
}
