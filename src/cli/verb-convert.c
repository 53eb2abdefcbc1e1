/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail convert -- jailer OPTION…, fcjail convert --metald: prints what replaces it. Changes nothing. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "convert.h"
#include "log.h"
#include "verbs.h"

/* All of it or nothing: half a script would be run. */
static int print(int r, FILE *f, char *const *text, const char *why)
{
        const bool failed = ferror(f) != 0;

        if (fclose(f) != 0 || failed)
                r = r < 0 ? r : -ENOMEM;
        if (r < 0) {
                log_error("%s", why ? why : strerror(-r));
                return r == -EINVAL ? EX_USAGE : EX_OSERR;
        }
        printf("%s", *text);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

int verb_convert(const CommandLine *c)
{
        _cleanup_jailer_args_ JailerArgs args = { .config = CONFIG_UNSET };
        _cleanup_free_ char *why = NULL, *text = NULL;
        const bool metald = option_value(c, "metald");
        size_t size;
        int r;

        if (metald == (c->n_args > 0)) {
                log_error("Give either --metald, or behind '--' a command line of the jailer");
                return EX_USAGE;
        }

        FILE *f = open_memstream(&text, &size);
        if (!f)
                return EX_OSERR;
        /* The first word is the name by which it was called. */
        r = metald ? 0 : jailer_args_parse(c->args + 1, &args, &why);
        if (r >= 0 && !metald && args.request != JAILER_START) {
                why = strdup("--help and --version start nothing");
                r = -EINVAL;
        }
        if (r >= 0)
                r = metald ? convert_metald(environ, f, &why) : convert_jailer(&args, f, &why);
        return print(r, f, &text, why);
}
