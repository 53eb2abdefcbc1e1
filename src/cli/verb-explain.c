/* SPDX-License-Identifier: Apache-2.0 */

/* fcjail explain STEP|STATUS|MESSAGE_ID|KEY: what the manual and the journal's catalog say about it. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common.h"
#include "config-table.h"
#include "log.h"
#include "manual.h"
#include "parse.h"
#include "step.h"
#include "text.h"
#include "verbs.h"
#include "vmm-end.h"

#define MESSAGE_ID_LEN 32

static int print(int r, const char *text)
{
        if (r < 0) {
                log_error("Failed to explain it: %s", strerror(-r));
                return EX_OSERR;
        }
        return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static const Step *find_step(const char *name)
{
        FOREACH_ARRAY (s, steps, n_steps)
                if (strcmp(s->name, name) == 0)
                        return s;
        return NULL;
}

static int explain_step(const Step *s)
{
        _cleanup_free_ char *text = NULL;
        int r = manual_message(s->message_id, &text);

        (void) printf("%s, step %zu of %zu: %s.\nA start that fails here usually ends with status %i.\n\n",
                      s->name, (size_t) (s - steps) + 1, n_steps, s->summary, s->exit_status);
        return print(r, text);
}

static void print_steps(uint32_t status)
{
        const char *before = "Steps of a start that usually end with it: ", *after = "";

        FOREACH_ARRAY (s, steps, n_steps)
                if ((uint32_t) s->exit_status == status) {
                        (void) printf("%s%s", before, s->name);
                        before = ", ";
                        after = "\n\n";
                }
        (void) fputs(after, stdout);
}

/* Firecracker has a few below and above those of fcjail. */
static int explain_vmm_status(uint32_t status)
{
        const char *sentence = vmm_end_sentence(status);

        if (!sentence)
                return -ENOENT;
        (void) printf("%-6u of a VM that has ended: %s.\n", status, sentence);
        return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

/* -ENOENT: it is no status. */
static int explain_status(const char *status)
{
        _cleanup_free_ char *text = NULL;
        uint32_t n = 0;
        int r;

        r = parse_u32(status, 0, UINT8_MAX, &n) < 0 ? -ENOENT : manual_status(status, &text);
        if (r == -ENOENT)
                return explain_vmm_status(n);
        if (r >= 0)
                print_steps(n);
        return print(r, text);
}

/* Journals and programs write it with dashes or without. */
static int explain_message(const char *id)
{
        _cleanup_free_ char *text = NULL;
        char plain[MESSAGE_ID_LEN + 1] = "";
        size_t n = 0;
        int r;

        for (const char *s = id; *s; s++) {
                if (*s == '-')
                        continue;
                if (n == MESSAGE_ID_LEN || !strchr("0123456789abcdefABCDEF", *s))
                        return -ENOENT;
                plain[n++] = *s;
        }
        r = n < MESSAGE_ID_LEN ? -ENOENT : manual_message(plain, &text);
        return r == -ENOENT ? r : print(r, text);
}

/* With its "=" or without. */
static int explain_key(const char *word)
{
        _cleanup_free_ char *name = strndup(word, strcspn(word, "=")), *text = NULL;
        const ConfigKey *key = name ? config_key_find(name) : NULL;
        int r;

        if (!name)
                return print(-ENOMEM, "");
        r = key ? manual_key(key->name, &text) : -ENOENT;
        return r == -ENOENT ? r : print(r, text);
}

static int fail_unknown(const char *word)
{
        const ConfigKey *guess = config_key_is_ours(word) ? config_key_guess(word) : NULL;
        _cleanup_free_ char *shown = text_escape(word);

        if (guess)
                log_error("Unknown key '%s'; did you mean %s?", shown ? shown : "", guess->name);
        else
                log_error(
                        "'%s' is no step, exit status, MESSAGE_ID or key of fcjail; steps are in fcjail(1), keys in fcjail.env(5)",
                        shown ? shown : "");
        return EX_NOINPUT;
}

int verb_explain(const CommandLine *c)
{
        const char *word = c->args[0];
        const Step *step = find_step(word);
        int r;

        log_open(NULL);
        if (step)
                return explain_step(step);
        r = explain_status(word);
        if (r == -ENOENT)
                r = explain_message(word);
        if (r == -ENOENT)
                r = explain_key(word);
        return r == -ENOENT ? fail_unknown(word) : r;
}
