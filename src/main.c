/* SPDX-License-Identifier: Apache-2.0 */

/* argv -> verb -> exit status. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "macro.h"
#include "terminal.h"
#include "verbs.h"

typedef struct Verb {
        const char *name;
        const char *arguments;
        int min_args, max_args;
        int (*run)(const CommandLine *c);
        const char *summary;
        struct option options[OPTIONS_MAX]; /* the verb asks by option_value() whether one was given */
        bool raw;                           /* it reads its options by itself */
} Verb;

static int verb_help(const CommandLine *c);

static const Verb verbs[] = {
        { "run", "ID", 1, 1, verb_run, "start the VM; by hand, stay until it ends" },
        { "stop", "ID", 1, 1, verb_stop, "ask the guest to shut down, and wait" },
        { "cleanup", "ID", 1, 1, verb_cleanup, "remove what an ended VM left behind" },
        { "gc", "", 0, 0, verb_gc, "clean up after all that have ended", { { "dry-run", no_argument } } },
        { "fill", "", 0, 0, verb_fill, "make private copies of the VMM for the next VMs" },
        { "check",
          "ID|-- jailer OPTION...",
          1,
          INT_MAX,
          verb_check,
          "print what a start would do, and every error",
          { { "json", no_argument } } },
        { "list",
          "[ID...]",
          0,
          INT_MAX,
          verb_list,
          "list VMs, and what they use",
          { { "json", no_argument }, { "prometheus", no_argument }, { "watch", no_argument } } },
        { "doctor",
          "[ID]",
          0,
          1,
          verb_doctor,
          "look at this host, row by row",
          { { "json", no_argument } } },
        { "console",
          "ID",
          1,
          1,
          verb_console,
          "show the guest's serial console",
          { { "lines", required_argument }, { "no-follow", no_argument } } },
        { "timeline",
          "ID",
          1,
          1,
          verb_timeline,
          "show where the time of a start went",
          { { "all", no_argument }, { "json", no_argument }, { "svg", required_argument } } },
        { "api", "ID METHOD PATH [JSON]", 3, 4, verb_api, "send a request to the VMM's API" },
        { "cni", "add|del|check ID", 2, 2, verb_cni, "make or undo what FCJAIL_CNI= says, or look at it" },
        { "cage", "make|remove", 1, 1, verb_cage, "make or remove the cage, in which starts begin" },
        { "convert",
          "[-- jailer OPTION...]",
          0,
          INT_MAX,
          verb_convert,
          "print settings in the place of others",
          { { "metald", no_argument } } },
        { "explain", "STEP|STATUS|MESSAGE_ID|KEY", 1, 1, verb_explain, "explain what a message names" },
        { "jailer", "OPTION... [-- ARGUMENT...]", 0, 0, verb_jailer,
          "start a VMM as Firecracker's jailer does", .raw = true },
        { "help", "", 0, 0, verb_help, "print this help" },
};

#define SYNOPSIS_MAX 256

/* What may follow the verb: "[--option] ARGUMENT". */
static const char *synopsis(const Verb *v, char buf[SYNOPSIS_MAX])
{
        int n = 0;

        for (const struct option *o = v->options; o->name; o++)
                n += snprintf(buf + n, (size_t) (SYNOPSIS_MAX - n), "[--%s%s] ", o->name,
                              o->has_arg == no_argument ? "" : "=VALUE");
        (void) snprintf(buf + n, (size_t) (SYNOPSIS_MAX - n), "%s", v->arguments);
        return buf;
}

static void usage(FILE *f, bool colors)
{
        const char *on = colors ? COLOR_HIGHLIGHT : "", *off = colors ? COLOR_OFF : "";
        char buf[SYNOPSIS_MAX];

        fprintf(f,
                "fcjail COMMAND ID …\n\n%sStarts Firecracker microVMs in a jail; usually as fcjail@ID.service.%s\n\n",
                on, off);
        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs))
                fprintf(f, "  %-10s %-42s %s\n", v->name, synopsis(v, buf), v->summary);
        fprintf(f, "\n  fcjail COMMAND --help\n  fcjail --help\n  fcjail --version\n\n"
                   "See fcjail(1), fcjail.env(5), fcjail@.service(8).\n");
}

static int verb_help(const CommandLine *c)
{
        (void) c;
        usage(stdout, terminal_colors(STDOUT_FILENO));
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static const Verb *find_verb(const char *name)
{
        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs))
                if (strcmp(name, v->name) == 0)
                        return v;
        return NULL;
}

/* argv[0] is the verb. */
static int run_verb(const Verb *v, int argc, char **argv)
{
        char buf[SYNOPSIS_MAX];
        CommandLine c = { .args = argv + 1, .n_args = argc - 1 };
        int r;

        if (v->raw)
                return v->run(&c);
        r = command_line_parse(argc, argv, v->options, &c);
        if (r >= 0 && c.help) {
                printf("fcjail %s %s\n", v->name, synopsis(v, buf));
                return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
        }
        if (r < 0 || c.n_args < v->min_args || c.n_args > v->max_args) {
                fprintf(stderr, "fcjail: usage: fcjail %s %s\n", v->name, synopsis(v, buf));
                return EX_USAGE;
        }
        return v->run(&c);
}

/* The name by which callers of Firecracker's jailer find us. */
static bool is_called_jailer(const char *path)
{
        const char *slash = path ? strrchr(path, '/') : NULL;

        return path && strcmp(slash ? slash + 1 : path, "jailer") == 0;
}

int main(int argc, char **argv)
{
        const Verb *v = argc >= 1 && is_called_jailer(argv[0]) ? find_verb("jailer") : NULL;

        if (v)
                return run_verb(v, argc, argv);
        if (argc == 2 && strcmp(argv[1], "--help") == 0)
                return verb_help(NULL);
        if (argc == 2 && strcmp(argv[1], "--version") == 0) {
                printf("fcjail %s\n", PROJECT_VERSION);
                return EX_OK;
        }

        v = argc >= 2 ? find_verb(argv[1]) : NULL;
        if (v)
                return run_verb(v, argc - 1, argv + 1);

        if (argc >= 2)
                fprintf(stderr, "fcjail: unknown command '%s'\n", argv[1]);
        usage(stderr, terminal_colors(STDERR_FILENO));
        return EX_USAGE;
}
