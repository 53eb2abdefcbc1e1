/* SPDX-License-Identifier: Apache-2.0 */

/*
 * FCJAIL_BIND=, FCJAIL_BIND_RO=: "source[:destination[:options]]" with blanks between them, as in BindPaths= of systemd.
 * What one value has is added to what earlier ones have, so that a drop-in can add a disk without a copy of the list. Whether
 * destinations agree with each other and with the jail is up to the plan.
 */

#include <string.h>

#include "config-value.h"
#include "config.h"
#include "text.h"

#define BLANKS " \t"

enum { FIELD_SOURCE, FIELD_DESTINATION, FIELD_OPTIONS, _FIELD_MAX };

typedef struct Binds {
        BindConfig items[BINDS_MAX];
        size_t n_items, room; /* room: how many items there may be */
        bool read_only;
} Binds;

static void binds_done(Binds *b)
{
        FOREACH_ARRAY (i, b->items, b->n_items)
                bind_config_done(i);
}

static int set_flag(bool *flag, const char *name, const BindConfig *b, char **ret_why)
{
        if (*flag)
                return config_why(ret_why, "has %s twice for %s", name, b->source);
        *flag = true;
        return 0;
}

static int set_ids(BindIds ids, const char *name, BindConfig *b, char **ret_why)
{
        if (b->ids == ids)
                return config_why(ret_why, "has %s twice for %s", name, b->source);
        if (b->ids != BIND_IDS_OWNER)
                return config_why(ret_why, "has both noidmap and idmap= for %s; remove one", b->source);
        b->ids = ids;
        return 0;
}

static int parse_noidmap(const char *value, BindConfig *b, char **ret_why)
{
        (void) value;
        return set_ids(BIND_IDS_NONE, "noidmap", b, ret_why);
}

static int parse_idmap(const char *value, BindConfig *b, char **ret_why)
{
        CutText cut;
        int r;

        r = set_ids(BIND_IDS_UID, "idmap=", b, ret_why);
        if (r < 0)
                return r;
        if (parse_vm_id(value, &b->uid) < 0)
                return config_why(
                        ret_why,
                        "has an invalid idmap= for %s: '%s' is not a number from 1 to 4294967293 without 65534 and 65535",
                        b->source, text_cut(&cut, value));
        return 0;
}

static int parse_loop(const char *value, BindConfig *b, char **ret_why)
{
        (void) value;
        return set_flag(&b->loop, "loop", b, ret_why);
}

static int parse_shared(const char *value, BindConfig *b, char **ret_why)
{
        (void) value;
        if (b->read_only)
                return config_why(
                        ret_why,
                        "has shared for %s, which has no meaning there: any number of VMs may read a file; remove it",
                        b->source);
        return set_flag(&b->shared, "shared", b, ret_why);
}

static const struct {
        const char *name;
        bool takes_value;
        int (*parse)(const char *value, BindConfig *b, char **ret_why);
} bind_options[] = {
        { "noidmap", false, parse_noidmap },
        { "idmap=", true, parse_idmap },
        { "loop", false, parse_loop },
        { "shared", false, parse_shared },
};

static int parse_option(const char *option, BindConfig *b, char **ret_why)
{
        CutText cut;

        for (size_t i = 0; i < ELEMENTSOF(bind_options); i++) {
                size_t n = strlen(bind_options[i].name);

                if (strncmp(option, bind_options[i].name, n) == 0 &&
                    (bind_options[i].takes_value || option[n] == '\0'))
                        return bind_options[i].parse(option + n, b, ret_why);
        }

        return config_why(ret_why, "has an unknown option '%s' for %s; use noidmap, idmap=, loop or shared",
                          text_cut(&cut, option), b->source);
}

/* Cuts the text at each comma, in place. */
static int parse_options(char *options, BindConfig *b, char **ret_why)
{
        int r = 0;

        while (r >= 0 && options) {
                char *one = strsep(&options, ",");

                r = parse_option(one, b, ret_why);
        }
        if (r >= 0 && b->loop && b->ids != BIND_IDS_OWNER)
                return config_why(
                        ret_why,
                        "has loop and %s for %s, but the owner of a file does not count for its loop device; remove one",
                        b->ids == BIND_IDS_UID ? "idmap=" : "noidmap", b->source);
        return r;
}

/* "/" is a valid path, but neither is the host's root for a VM, nor has the jail's another place. */
static int parse_bind_path(const char *path, const char *what, char **field, char **ret_why)
{
        CutText cut;

        if (!path_valid(path) || strcmp(path, "/") == 0)
                return config_why(
                        ret_why,
                        "has an invalid %s '%s'; use an absolute path without '//', '.', '..' or a '/' at its end",
                        what, text_cut(&cut, path));
        *field = strdup(path);
        return *field ? 0 : -ENOMEM;
}

/* Reads up to three fields into buf, one after the other: the colon that ends one leaves the byte for its NUL. */
static int read_fields(const char **s, char *buf, char *fields[_FIELD_MAX], char **ret_why)
{
        CutText cut;
        int r;

        for (int i = 0; i < _FIELD_MAX; i++) {
                fields[i] = buf;
                r = read_word(s, BLANKS ":", buf);
                if (r < 0)
                        return r;
                if (**s != ':')
                        return 0;
                (*s)++;
                buf += strlen(buf) + 1;
        }

        return config_why(
                ret_why,
                "has more than source:destination:options for %s; a ':' that belongs to a path is written '\\:'",
                text_cut(&cut, fields[FIELD_SOURCE]));
}

static int parse_bind(const char **s, char *buf, Binds *binds, char **ret_why)
{
        char *fields[_FIELD_MAX] = {};
        int r;

        if (binds->n_items >= binds->room)
                return config_why(
                        ret_why,
                        "has too many binds; at most %i are allowed in all files, FCJAIL_BIND= and FCJAIL_BIND_RO= together",
                        BINDS_MAX);

        r = read_fields(s, buf, fields, ret_why);
        if (r < 0)
                return r;

        BindConfig *b = &binds->items[binds->n_items++];
        b->read_only = binds->read_only;
        r = parse_bind_path(fields[FIELD_SOURCE], "source", &b->source, ret_why);
        if (r >= 0)
                r = parse_bind_path(fields[FIELD_DESTINATION] ? fields[FIELD_DESTINATION]
                                                              : fields[FIELD_SOURCE],
                                    "destination", &b->destination, ret_why);
        if (r >= 0)
                r = parse_options(fields[FIELD_OPTIONS], b, ret_why);
        return r;
}

static int parse_binds(const char *value, Config *c, bool read_only, char **ret_why)
{
        _cleanup_(binds_done) Binds binds = { .room = BINDS_MAX - c->n_binds, .read_only = read_only };
        _cleanup_free_ char *buf = malloc(strlen(value) + 1);
        int r = 0;

        if (!buf)
                return -ENOMEM;
        for (const char *s = value + strspn(value, BLANKS); r >= 0 && *s; s += strspn(s, BLANKS))
                r = parse_bind(&s, buf, &binds, ret_why);
        if (r < 0)
                return r;
        if (binds.n_items == 0)
                return -EINVAL; /* nothing but blanks */

        memcpy(c->binds + c->n_binds, binds.items, binds.n_items * sizeof(BindConfig));
        c->n_binds += binds.n_items;
        binds.n_items = 0; /* they belong to the Config now */
        return 0;
}

int config_parse_bind(const char *value, void *field, char **ret_why)
{
        return parse_binds(value, field, /* read_only= */ false, ret_why);
}

int config_parse_bind_ro(const char *value, void *field, char **ret_why)
{
        return parse_binds(value, field, /* read_only= */ true, ret_why);
}
