/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Records of VMs that do not run, or whose VMM is this process. */

#include "child.h"
#include "proc.h"
#include "state.h"

static StateRoot root;

static inline void open_root(void)
{
        CHECK_IS(state_root_open(&root, NULL), 0);
}

/* One that is alive, as far as the record can tell: its VMM is this process. */
static inline State example(const char *id, const char *invocation)
{
        char boot[33];
        State s = STATE_NULL;

        CHECK_IS(boot_id(boot), 0);
        s.version = STATE_VERSION;
        s.stop_seconds = 20;
        s.supervised = true;
        s.id = strdup(id);
        s.boot = strdup(boot);
        s.invocation = strdup(invocation);
        s.chroot_dir = strdup("/srv/jailer");
        s.vmm_name = strdup("firecracker");
        s.files.names[s.files.n++] = strdup("firecracker");
        s.files.names[s.files.n++] = strdup("fcjail.json");
        s.places.names[s.places.n++] = strdup("dev");
        s.trees.names[s.trees.n++] = strdup("run");
        s.images.names[s.images.n++] = strdup("8:1:4711");
        s.images.names[s.images.n++] = strdup("b7:0");
        s.sock = strdup(id);
        s.loops = (StateLoops){ 2, { 1000, 1001 } };
        s.api = strdup("/run/firecracker.socket");
        s.taps.names[s.taps.n++] = strdup("tap0");
        return s;
}

/* Written and left by a starter that is gone. */
static inline void write_down(const State *s, const ProcRef *vmm)
{
        _cleanup_close_ int fd = state_lock(&root, s->id, /* create= */ true);
        State all = *s;

        all.uid = 4711;
        all.gid = 4712;
        CHECK(fd >= 0);
        CHECK_IS(state_write(fd, &all), 0);
        CHECK_IS(state_append(fd, &all, STATE_UID), 0);
        CHECK_IS(state_append(fd, &all, STATE_IMAGES), 0);
        /* Once for each that is made. */
        CHECK_IS(state_append(fd, &all, STATE_LOOPS), 0);
        CHECK_IS(state_append(fd, &all, STATE_LOOPS), 0);
        if (vmm) {
                all.vmm = *vmm;
                CHECK_IS(state_append(fd, &all, STATE_VMM), 0);
        }
}

static inline ProcRef self(void)
{
        ProcRef ref = {};

        CHECK_IS(proc_ref_self(&ref), 0);
        CHECK_IS(ref.pid, getpid());
        return ref;
}
