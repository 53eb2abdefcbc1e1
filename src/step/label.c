/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step `label`: the AppArmor profile or the SELinux label that the VMM gets at its exec, written to the kernel
 * and read back.
 *
 * Mustn't: be tolerant. A module that is not active lets a write fail in its own ways, which is why step
 *          `paths` asks before anything is made.
 */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fd-util.h"
#include "step.h"

static int write_attribute(const char *path, const char *text)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        /* One write is one request. */
        ssize_t n = write(fd, text, strlen(text));
        if (n < 0)
                return -errno;
        return (size_t) n == strlen(text) ? 0 : -EIO;
}

/* The file has the label, and with AppArmor then " (mode)". */
static int read_back(const char *path, const char *label)
{
        char text[512];

        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;

        text[n] = '\0';
        size_t len = strlen(label);
        return strncmp(text, label, len) == 0 && strchr(" \n", text[len]) ? 0 : -EBADE;
}

static int apply(Jail *jail, const char *path, const char *request, const char *label, const char *hint)
{
        int r;

        r = write_attribute(path, request);
        if (r >= 0)
                r = read_back(path, label);
        if (r >= 0)
                return 0;
        return step_fail_because(jail, r, /* exit_status= */ 0, label, "%s; %s",
                                 r == -EBADE ? "the kernel did not set it" : strerror(-r), hint);
}

int step_label(Jail *jail)
{
        const char *label = jail->plan->apparmor;
        _cleanup_free_ char *request = NULL;

        if (jail->plan->selinux)
                return apply(jail, "/proc/self/attr/exec", jail->plan->selinux, jail->plan->selinux,
                             "the policy must define its type and allow the helper process:setexec");
        if (!label)
                return 0;

        if (ASPRINTF(&request, "exec %s", label) < 0)
                return step_fail(jail, -ENOMEM, "%s", label);
        return apply(jail, "/proc/self/attr/apparmor/exec", request, label,
                     "load the profile with `apparmor_parser -r`; `aa-status` lists the loaded ones");
}
