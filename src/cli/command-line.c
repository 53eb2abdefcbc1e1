/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "command-line.h"

static int unknown_option(char **argv)
{
        /* A letter need not be at the end of its argument, which is still the current one then. */
        if (optopt != 0)
                (void) fprintf(stderr, "fcjail: unknown option '-%c'\n", optopt);
        else
                (void) fprintf(stderr, "fcjail: unknown option '%s'\n", argv[optind - 1]);
        return -EINVAL;
}

int command_line_parse(int argc, char **argv, const struct option options[OPTIONS_MAX], CommandLine *ret)
{
        struct option all[1 + OPTIONS_MAX] = { { "help", no_argument, NULL, 'h' } };
        CommandLine c = { .options = options };
        int i = 0, r;

        memcpy(all + 1, options, OPTIONS_MAX * sizeof(options[0]));
        opterr = 0;
        while ((r = getopt_long(argc, argv, ":", all, &i)) != -1) {
                if (r == '?')
                        return unknown_option(argv);
                if (r == ':') {
                        (void) fprintf(stderr, "fcjail: option '%s' needs a value\n", argv[optind - 1]);
                        return -EINVAL;
                }
                if (r == 'h')
                        c.help = true;
                else
                        c.values[i - 1] = optarg ? optarg : "";
        }

        c.args = argv + optind;
        c.n_args = argc - optind;
        *ret = c;
        return 0;
}

const char *option_value(const CommandLine *c, const char *name)
{
        size_t i = 0;

        while (c->options[i].name && strcmp(c->options[i].name, name) != 0)
                i++;
        assert(c->options[i].name);
        return c->values[i];
}
