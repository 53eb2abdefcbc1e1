/* SPDX-License-Identifier: Apache-2.0 */

/* argv -> verb -> exit status. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "macro.h"
#include "pager.h"
#include "terminal.h"
#include "verbs.h"

typedef struct Verb {
        const char *name;
        const char *arguments;
        int min_args, max_args;
        int (*run)(char **args);
        const char *summary;
} Verb;

static int verb_help(char **args);
static int verb_completion(char **args);

static const Verb verbs[] = {
        { "run", "ID", 1, 1, verb_run, "start the VM; by hand, stay until it ends" },
        { "stop", "ID", 1, 1, verb_stop, "ask the guest to shut down, and wait" },
        { "cleanup", "ID", 1, 1, verb_cleanup, "remove what a VM that ended has left" },
        { "check", "[--json] ID", 1, 2, verb_check, "print what a start would do, and every error" },
        { "api", "ID METHOD PATH [JSON]", 3, 4, verb_api, "send a request to the VMM's API" },
        { "help", "", 0, 0, verb_help, "print this" },
        { "completion", "", 0, 0, verb_completion, "print a completion for bash" },
};

static void usage(FILE *f, bool colors)
{
        const char *on = colors ? COLOR_HIGHLIGHT : "", *off = colors ? COLOR_OFF : "";

        fprintf(f,
                "fcjail VERB ID …\n\n%sStarts Firecracker microVMs in a jail; usually as "
                "fcjail@ID.service.%s\n\n",
                on, off);
        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs))
                fprintf(f, "  fcjail %-10s %-22s %s\n", v->name, v->arguments, v->summary);
        fprintf(f, "\n  fcjail --help\n  fcjail --version\n\nSee fcjail(1), fcjail.env(5), "
                   "fcjail@.service(8).\n");
}

static int verb_help(char **args)
{
        char *text = NULL;
        size_t size;
        int r;

        (void) args;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                return EX_OSERR;
        usage(f, terminal_colors(STDOUT_FILENO));
        r = fclose(f) == 0 ? pager_print(text) : -ENOMEM;
        free(text);
        return r < 0 ? EX_IOERR : EX_OK;
}

/* Ids are those that have settings; verbs that take none get none. */
static int verb_completion(char **args)
{
        (void) args;
        printf("# bash completion for fcjail, made by `fcjail completion`\n"
               "_fcjail() {\n"
               "        local current=${COMP_WORDS[COMP_CWORD]}\n"
               "        if ((COMP_CWORD == 1)); then\n"
               "                mapfile -t COMPREPLY < <(compgen -W '--help --version");
        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs))
                printf(" %s", v->name);
        printf("' -- \"$current\")\n"
               "                return\n"
               "        fi\n"
               "        local words=''\n"
               "        case \"$COMP_CWORD ${COMP_WORDS[*]:1:COMP_CWORD-1}\" in\n"
               "        '2 check') words=--json ;;\n");
        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs))
                if (strncmp(v->arguments, "ID", 2) == 0)
                        printf("        '2 %s') ;;\n", v->name);
        printf("        '3 check --json') ;;\n"
               "        *) return ;;\n"
               "        esac\n"
               "        words+=\" $(cd /etc/fcjail 2>/dev/null && compgen -G '*.env' | sed 's/\\.env$//; "
               "/^default$/d')\"\n"
               "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
               "}\n"
               "complete -F _fcjail fcjail\n");
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int wrong_usage(const Verb *v)
{
        fprintf(stderr, "fcjail: usage: fcjail %s %s\n", v->name, v->arguments);
        return EX_USAGE;
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], "--help") == 0)
                return verb_help(NULL);
        if (argc == 2 && strcmp(argv[1], "--version") == 0) {
                printf("fcjail %s\n", PROJECT_VERSION);
                return EX_OK;
        }

        FOREACH_ARRAY (v, verbs, ELEMENTSOF(verbs)) {
                if (argc < 2 || strcmp(argv[1], v->name) != 0)
                        continue;
                if (argc - 2 < v->min_args || argc - 2 > v->max_args)
                        return wrong_usage(v);
                return v->run(argv + 2);
        }

        if (argc >= 2)
                fprintf(stderr, "fcjail: '%s' is not a verb\n", argv[1]);
        usage(stderr, terminal_colors(STDERR_FILENO));
        return EX_USAGE;
}
