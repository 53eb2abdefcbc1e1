/* SPDX-License-Identifier: Apache-2.0 */

/* manual-gen [NAME FILE]…: prints a C header with the text of each file, so that `fcjail explain` needs no installed manual. The
 * build runs it. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void put_line(const char *line)
{
        (void) fputs("\n        \"", stdout);
        for (const char *s = line; *s && *s != '\n'; s++) {
                if (*s == '"' || *s == '\\')
                        (void) putchar('\\');
                (void) putchar(*s);
        }
        (void) fputs("\\n\"", stdout);
}

static bool put_file(const char *name, const char *path)
{
        char *line = NULL;
        size_t size = 0;
        FILE *f;

        f = fopen(path, "re");
        if (!f)
                return false;
        (void) printf("static const char %s[] =", name);
        while (getline(&line, &size, f) > 0)
                put_line(line);
        (void) fputs(";\n", stdout);
        free(line);

        bool good = !ferror(f);
        return fclose(f) == 0 && good;
}

int main(int argc, char **argv)
{
        for (int i = 1; i + 1 < argc; i += 2)
                if (!put_file(argv[i], argv[i + 1])) {
                        perror(argv[i + 1]);
                        return EXIT_FAILURE;
                }
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
