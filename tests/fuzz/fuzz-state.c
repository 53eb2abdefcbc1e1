/* SPDX-License-Identifier: Apache-2.0 */

/* A record under /run/fcjail. What is read is written down again and must be read as the same. */

#include "fuzz.h"
#include "state.h"

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_names(const StateNames *a, const StateNames *b)
{
        CHECK(a->n == b->n && a->n <= STATE_NAMES_MAX);
        for (size_t i = 0; i < a->n; i++)
                CHECK(filename_valid(a->names[i]) && same_text(a->names[i], b->names[i]));
}

static void check_again(const State *s)
{
        _cleanup_state_ State again = STATE_NULL;
        char mark[STATE_MARK_MAX];
        int fd = input_file("", 0);

        CHECK(state_write(fd, s) == 0);
        CHECK(state_append(fd, s, STATE_UID) == 0);
        CHECK(state_append(fd, s, STATE_IMAGES) == 0);
        CHECK(state_append(fd, s, STATE_LOOPS) == 0);
        CHECK(state_append(fd, s, STATE_VMM) == 0);
        CHECK(state_append(fd, s, STATE_STOP) == 0);
        CHECK(state_append(fd, s, STATE_TAP) == 0);
        CHECK(state_read(fd, &again) == 0);
        (void) close(fd);

        CHECK(same_text(s->id, again.id) && same_text(s->boot, again.boot));
        CHECK(same_text(s->invocation, again.invocation) && same_text(s->chroot_dir, again.chroot_dir));
        CHECK(same_text(s->vmm_name, again.vmm_name));
        check_names(&s->files, &again.files);
        check_names(&s->places, &again.places);
        check_names(&s->trees, &again.trees);
        check_names(&s->images, &again.images);
        CHECK(s->loops.n == again.loops.n && s->loops.n <= STATE_LOOPS_MAX);
        CHECK(same_text(s->sock, again.sock) && same_text(s->api, again.api));
        CHECK(same_text(s->netns, again.netns) && same_text(s->stop_by, again.stop_by));
        CHECK(s->supervised == again.supervised && s->keep == again.keep &&
              s->stop_seconds == again.stop_seconds);
        CHECK(s->taps.n == again.taps.n);
        for (size_t i = 0; i < s->taps.n; i++)
                CHECK(same_text(s->taps.names[i], again.taps.names[i]) &&
                      s->taps.indexes[i] == again.taps.indexes[i]);
        CHECK(s->uid == again.uid && s->gid == again.gid);
        CHECK(s->version == again.version && !again.unknown);
        CHECK(s->vmm.pid == again.vmm.pid && s->vmm.start == again.vmm.start && s->vmm.ns == again.vmm.ns);

        CHECK(strlen(state_mark(s, mark)) < STATE_MARK_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_state_ State s = STATE_NULL;
        int fd = input_file(data, size);
        int r = state_read(fd, &s);

        (void) close(fd);
        CHECK(r == 0 || r == -ENODATA || r == -EBADMSG);
        if (r < 0) {
                CHECK(!s.id && s.taps.n == 0);
                return 0;
        }

        CHECK(memmem(data, size, "COMPLETE\n", 9));
        CHECK(s.id && s.boot && s.invocation && s.chroot_dir && s.vmm_name && s.taps.n <= STATE_TAPS_MAX &&
              s.vmm.pid >= 0);
        check_again(&s);

        /* The writer dies in the middle of a line that it appends: the state is what it was before, or that line
         * was whole. */
        if (data[size - 1] != '\n') {
                const uint8_t *last = memrchr(data, '\n', size);
                _cleanup_state_ State before = STATE_NULL;

                fd = input_file(data, (size_t) (last - data) + 1);
                CHECK(state_read(fd, &before) == 0);
                CHECK(before.taps.n == s.taps.n && before.vmm.pid == s.vmm.pid && before.uid == s.uid);
                (void) close(fd);
        }
        return 0;
}
