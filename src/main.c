/* SPDX-License-Identifier: Apache-2.0 */

/* argv -> verb -> exit status. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "macro.h"
#include "verbs.h"

static const struct {
        const char *name;
        const char *arguments;
        int min_args, max_args;
        int (*run)(char **args);
        const char *summary;
} verbs[] = {
        { "run", "ID", 1, 1, verb_run, "start the VM; by hand, stay until it ends" },
        { "stop", "ID", 1, 1, verb_stop, "ask the guest to shut down, and wait" },
        { "cleanup", "ID", 1, 1, verb_cleanup, "remove what a VM that ended has left" },
        { "check", "ID", 1, 1, verb_check, "print what a start would do, and every error" },
        { "api", "ID METHOD PATH [JSON]", 3, 4, verb_api, "send a request to the VMM's API" },
};

static void usage(FILE *f)
{
        fprintf(f, "fcjail VERB ID …\n\n"
                   "Starts Firecracker microVMs in a jail; usually as fcjail@ID.service.\n\n");
        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs))
                fprintf(f, "  fcjail %-7s %-24s %s\n", v->name, v->arguments, v->summary);
        fprintf(f, "\n  fcjail --help\n  fcjail --version\n\nSee fcjail(1), fcjail.env(5), "
                   "fcjail@.service(8).\n");
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], "--help") == 0) {
                usage(stdout);
                return EX_OK;
        }
        if (argc == 2 && strcmp(argv[1], "--version") == 0) {
                printf("fcjail %s\n", PROJECT_VERSION);
                return EX_OK;
        }

        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs)) {
                if (argc < 2 || strcmp(argv[1], v->name) != 0)
                        continue;
                if (argc - 2 < v->min_args || argc - 2 > v->max_args) {
                        fprintf(stderr, "fcjail: usage: fcjail %s %s\n", v->name, v->arguments);
                        return EX_USAGE;
                }
                return v->run(argv + 2);
        }

        usage(stderr);
        return EX_USAGE;
}
