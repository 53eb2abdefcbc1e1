/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One file per verb. Each takes what follows the verb on the command line and returns the exit status. */

int verb_run(char **args);     /* ID */
int verb_stop(char **args);    /* ID */
int verb_cleanup(char **args); /* ID */
int verb_check(char **args);   /* ID */
int verb_api(char **args);     /* ID METHOD PATH [JSON] */
