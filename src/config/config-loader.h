/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settings from any number of sources, weakest first, into one Config:
 *
 *         config_loader_init(&l, id, d);
 *         config_loader_begin(&l, kind, name, scope), config_loader_add(&l, line, key, value)…   a source, and again
 *         config_loader_finish(&l, &config)
 *
 * A value is parsed when it is added, and replaces that of an earlier source; binds are added to those of earlier sources.
 * All errors go to `d`, even that of a bad value that is replaced later. They do not end the work: all functions but the last
 * return >= 0 then.
 */

#include "config.h"
#include "diagnostics.h"
#include "env-dir.h"

typedef struct ConfigLoader {
        const char *id;
        const EnvDirs *dirs; /* for config_loader_add_files(); NULL: it opens them */
        Diagnostics *d;
        size_t n_before; /* diagnostics of others */
        Place source;    /* the one being read */
        EnvScope scope;
        unsigned n_sources;
        bool configured; /* something was meant for this very VM */
        Config config;
        struct {
                unsigned source; /* number of the last one that has the key, from 1 on; 0: none */
                char *text;      /* NULL: the value was bad */
        } keys[CONFIG_KEYS_MAX]; /* by row of the table */
} ConfigLoader;

/* id must be valid, or that of a VM in the place of Firecracker's jailer. */
void config_loader_init(ConfigLoader *l, const char *id, Diagnostics *d);
void config_loader_done(ConfigLoader *l);
#define _cleanup_config_loader_ _cleanup_(config_loader_done)

/* A new source, which may have each key once. 0 or -ENOMEM. */
int config_loader_begin(ConfigLoader *l, PlaceKind kind, const char *name, EnvScope scope) _must_check_;

/* One setting of that source. Returns 1 if the key is one of fcjail's, or looks like one; 0; or -ENOMEM. */
int config_loader_add(ConfigLoader *l, unsigned line, const char *key, const char *value) _must_check_;

/* Sources: every env file that applies to the VM, and NULL terminated "KEY=value" strings. 0 or -ENOMEM. */
int config_loader_add_files(ConfigLoader *l) _must_check_;
int config_loader_add_jailer_files(ConfigLoader *l) _must_check_; /* and no env file is needed */
int config_loader_add_environment(ConfigLoader *l, PlaceKind kind, const char *name,
                                  char *const *environment) _must_check_;

/* 0 with *ret, to be freed with config_done(); -EBADMSG if anything was wrong in any source; -ENOMEM. */
int config_loader_finish(ConfigLoader *l, Config *ret) _must_check_;
