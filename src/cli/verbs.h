/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One file per verb. Each takes what follows the verb on the command line and returns the exit status. */

#include "command-line.h"

int verb_run(const CommandLine *c);      /* ID */
int verb_list(const CommandLine *c);     /* [--json] [--prometheus] [--watch] [ID…] */
int verb_stop(const CommandLine *c);     /* ID */
int verb_cleanup(const CommandLine *c);  /* ID */
int verb_cage(const CommandLine *c);     /* make|remove */
int verb_check(const CommandLine *c);    /* [--json] ID */
int verb_cni(const CommandLine *c);      /* add|del|check ID */
int verb_console(const CommandLine *c);  /* [--lines=N] [--no-follow] ID */
int verb_convert(const CommandLine *c);  /* --metald, or [--] jailer OPTION… */
int verb_doctor(const CommandLine *c);   /* [--json] [ID] */
int verb_explain(const CommandLine *c);  /* STEP|STATUS|MESSAGE_ID|KEY */
int verb_fill(const CommandLine *c);     /* no arguments */
int verb_gc(const CommandLine *c);       /* [--dry-run] */
int verb_jailer(const CommandLine *c);   /* what follows it, as it is */
int verb_timeline(const CommandLine *c); /* [--all] [--json] [--svg=FILE] ID */
int verb_api(const CommandLine *c);      /* ID METHOD PATH [JSON] */
