/* SPDX-License-Identifier: Apache-2.0 */

#include <dlfcn.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "systemd.h"

static struct {
        bool tried;
        typeof(&sd_journal_sendv) journal_sendv;
        typeof(&sd_notify) notify;
} lib;

void systemd_load(void)
{
        if (lib.tried)
                return;

        lib.tried = true;
        void *handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
        if (!handle)
                return;
        lib.journal_sendv = (typeof(lib.journal_sendv)) dlsym(handle, "sd_journal_sendv");
        lib.notify = (typeof(lib.notify)) dlsym(handle, "sd_notify");
}

int systemd_journal_sendv(const struct iovec *iov, int n)
{
        systemd_load();
        return lib.journal_sendv ? lib.journal_sendv(iov, n) : -ELIBACC;
}

int systemd_notify(const char *state)
{
        systemd_load();
        return lib.notify ? lib.notify(/* unset_environment= */ 0, state) : -ELIBACC;
}
