/* SPDX-License-Identifier: Apache-2.0 */

/* What Firecracker's configuration says that needs no look into the jail: its TAPs and its sections. */

#include <stdio.h>
#include <string.h>

#include "jail-look.h"
#include "text.h"
#include "vmm-sections.h"

#define TAPS_TEXT_MAX (TAPS_MAX * IFNAMSIZ + 1)

static const char *taps_text(const Plan *p, char ret[TAPS_TEXT_MAX])
{
        size_t n = 0;

        (void) snprintf(ret, TAPS_TEXT_MAX, "none");
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                n += (size_t) snprintf(ret + n, TAPS_TEXT_MAX - n, "%s%s", n > 0 ? " " : "", t->name);
        return ret;
}

static bool plan_has(const Plan *p, const char *tap)
{
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                if (strcmp(t->name, tap) == 0)
                        return true;
        return false;
}

static bool config_has(const VmmFiles *files, const char *tap)
{
        FOREACH_ARRAY (i, files->items, files->n_items)
                if (i->access == VMM_ATTACHES && strcmp(i->path, tap) == 0)
                        return true;
        return false;
}

/* Somebody else may have put the TAP into a network namespace that exists already. */
static int check_wanted(const Plan *p, const VmmFile *i, Findings *f)
{
        char taps[TAPS_TEXT_MAX];

        if (plan_has(p, i->path))
                return 0;
        if (p->netns == NETNS_PRIVATE)
                return findings_add(f, SEVERITY_ERROR, -ENODEV, EX_NOINPUT, p->config,
                                    "give both the same name",
                                    "wants the TAP '%s' at %s, but FCJAIL_TAP= has %s", i->path, i->pointer,
                                    taps_text(p, taps));
        return findings_add(
                f, SEVERITY_NOTE, 0, EX_OK, p->config, "create it in the network namespace before the start",
                "wants the TAP '%s' at %s, but FCJAIL_TAP= has %s", i->path, i->pointer, taps_text(p, taps));
}

int jail_check_taps(const Plan *p, const VmmFiles *files, Findings *f)
{
        int r = 0;

        FOREACH_ARRAY (i, files->items, files->n_items)
                if (r != -ENOMEM && i->access == VMM_ATTACHES)
                        r = check_wanted(p, i, f);
        FOREACH_ARRAY (t, p->taps, p->n_taps)
                if (r != -ENOMEM && !p->taps_by_default && !config_has(files, t->name))
                        r = findings_add(
                                f, SEVERITY_NOTE, 0, EX_OK, p->config, NULL,
                                "has no network interface for the TAP '%s' of FCJAIL_TAP=", t->name);
        return r == -ENOMEM ? r : 0;
}

static int note_section(const Plan *p, const char *name, Findings *f)
{
        const char *guess = vmm_section_guess(name);
        CutText cut;

        (void) text_cut(&cut, name);
        if (guess)
                return findings_add(
                        f, SEVERITY_NOTE, 0, EX_OK, p->config, NULL,
                        "has an unknown section '%s', which Firecracker ignores, did you mean '%s'?", cut.s,
                        guess);
        return findings_add(f, SEVERITY_NOTE, 0, EX_OK, p->config, NULL,
                            "has an unknown section '%s', which Firecracker ignores", cut.s);
}

int jail_check_sections(const Plan *p, const VmmFiles *files, Findings *f)
{
        FOREACH_ARRAY (name, files->unknown, files->n_unknown)
                if (note_section(p, *name, f) == -ENOMEM)
                        return -ENOMEM;
        return 0;
}
