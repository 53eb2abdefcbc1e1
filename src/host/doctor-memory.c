/* SPDX-License-Identifier: Apache-2.0 */

/* The memory of guests: who else may read it, and where it comes from. */

#include <dirent.h>
#include <inttypes.h>
#include <string.h>

#include "at.h"
#include "doctor-read.h"
#include "fd-util.h"

#define KSM "/sys/kernel/mm/ksm"

static int check_ksm(const DoctorHost *h, Findings *f)
{
        static const char path[] = KSM "/run", remedy[] = "run `echo 2 >" KSM "/run`, and disable ksmtuned";
        char shared[DOCTOR_TEXT_MAX], text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, "does not exist, as this kernel merges no pages", text);
        if (r <= 0)
                return r;
        if (strcmp(text, "1") == 0)
                return DOCTOR_WARNING(
                        f, path, remedy,
                        "is 1, so equal pages of two VMs may be merged, and one can learn by time what the other has");
        if (strcmp(text, "0") != 0 && strcmp(text, "2") != 0)
                return doctor_unknown(f, path, text);
        if (doctor_read(h, KSM "/pages_shared", shared) >= 0 && strcmp(shared, "0") != 0)
                return DOCTOR_NOTE(f, KSM "/pages_shared", remedy, "is %.32s: pages are still merged",
                                   shared);
        return DOCTOR_OK(f, path, "is %s, so no pages are merged", text);
}

/* A line for each after the first. In zram they stay in memory. */
static int check_swap(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/proc/swaps";
        const size_t before = f->n_items;
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, "does not exist, as this kernel has no swap", text);
        if (r <= 0)
                return r;
        char *rest = text;
        (void) strsep(&rest, "\n");
        for (char *line; r != -ENOMEM && (line = strsep(&rest, "\n"));) {
                line[strcspn(line, " \t")] = '\0';
                if (strncmp(line, "/dev/zram", strlen("/dev/zram")) == 0)
                        r = DOCTOR_NOTE(f, line, "run `swapoff -a` if that is too slow",
                                        "is swap in memory, so memory of guests gets on no disk");
                else
                        r = DOCTOR_WARNING(
                                f, line,
                                "run `swapoff -a`, and remove it from /etc/fstab; or encrypt it with a random key",
                                "is swap, so memory of guests may remain on a disk");
        }
        if (f->n_items > before)
                return r;
        return DOCTOR_OK(f, path, "names no swap");
}

/* Whether memory has ECC is shown by its driver. Refresh rates are not shown at all. */
static int check_rowhammer(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/sys/devices/system/edac/mc";
        _cleanup_closedir_ DIR *d = NULL;
        unsigned n = 0;

        int r = at_list_dir(h->root_fd, path + 1, &d);
        if (r == -ENOMEM)
                return r;
        for (const struct dirent *e; r >= 0 && (e = readdir(d));)
                n += strncmp(e->d_name, "mc", 2) == 0;
        if (n > 0)
                return DOCTOR_OK(f, path, "names %u memory controllers with error correction", n);
        return DOCTOR_NOTE(f, path, "use DDR4 or newer with TRR and ECC, and see `dmidecode --type memory`",
                           "names no memory with error correction, so one guest may flip bits of another");
}

#define HUGE_PAGES "/sys/kernel/mm/hugepages/hugepages-2048kB"

static int check_huge_pages(const DoctorHost *h, Findings *f)
{
        uint64_t n, n_free;
        int r;

        r = doctor_get_number(h, f, HUGE_PAGES "/nr_hugepages",
                              "does not exist: VMs get no huge pages of 2 MiB", &n);
        if (r <= 0)
                return r;
        if (n == 0)
                return DOCTOR_OK(f, HUGE_PAGES "/nr_hugepages",
                                 "is 0, which is enough unless a configuration has huge_pages 2M");
        r = doctor_get_number(h, f, HUGE_PAGES "/free_hugepages", "is not shown here", &n_free);
        if (r <= 0)
                return r;
        if (n_free == 0)
                return DOCTOR_NOTE(f, HUGE_PAGES "/free_hugepages",
                                   "run `echo N >" HUGE_PAGES "/nr_hugepages` with a larger N",
                                   "is 0 of %" PRIu64 ": another VM with huge_pages 2M does not start", n);
        return DOCTOR_OK(f, HUGE_PAGES "/free_hugepages", "is %" PRIu64 " of %" PRIu64, n_free, n);
}

static int check_thp(const DoctorHost *h, Findings *f)
{
        static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
        char text[DOCTOR_TEXT_MAX];
        int r;

        r = doctor_get(h, f, path, "does not exist, as this kernel has none", text);
        if (r <= 0)
                return r;
        if (strstr(text, "[always]") || strstr(text, "[madvise]"))
                return DOCTOR_OK(f, path, "is %s", text);
        if (!strstr(text, "[never]"))
                return doctor_unknown(f, path, text);
        return DOCTOR_NOTE(f, path, "run `echo madvise >/sys/kernel/mm/transparent_hugepage/enabled`",
                           "is %s: guests' memory never gets huge pages by itself", text);
}

static const DoctorCheck checks[] = {
        { DOCTOR_DOCUMENT_TOPIC, "ksm", check_ksm },
        { DOCTOR_DOCUMENT_TOPIC, "swap", check_swap },
        { DOCTOR_DOCUMENT_TOPIC, "rowhammer", check_rowhammer },
        { DOCTOR_DOCUMENT_TOPIC, "hugepages", check_huge_pages },
        { DOCTOR_DOCUMENT_TOPIC, "thp", check_thp },
};

const DoctorGroup doctor_memory = { checks, ELEMENTSOF(checks) };
