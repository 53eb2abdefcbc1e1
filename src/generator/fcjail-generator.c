/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes a drop-in for the unit of each VM that has an env file, see systemd.generator(7): the mounts and block devices that
 * its settings name. systemd waits for it at each boot, before anything is mounted, and at each daemon-reload.
 *
 * Should:  skip a VM whose settings are wrong, and say so: a start and `fcjail check` say more.
 * Mustn't: fail, since that would hide the drop-ins of all others; ask systemd or the environment; wait. A path of the
 *          settings may lead to a file system that only systemd could mount, so a signal ends the process in any case.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "config-loader.h"
#include "config-reader.h"
#include "drop-in.h"
#include "fd-util.h"
#include "host.h"
#include "plan.h"

/* A thousand VMs take less than a tenth of a second. */
#define SECONDS_MAX 5

/* More complaints than these would fill the kernel's log. */
#define COMPLAINTS_MAX 10

typedef struct Generator {
        int dir_fd; /* where systemd wants the drop-ins */
        EnvDirs env_dirs;
        ConfigReader reader;
        DropInFlags flags;
        int log_fd;
        const char *log_prefix;
        unsigned n_complaints;
} Generator;

/* Generators have no journal, so systemd's own write to the kernel's log. By hand it is standard error. */
static void open_log(Generator *g)
{
        struct stat st;

        g->log_fd = STDERR_FILENO;
        g->log_prefix = "";
        if (fstat(STDERR_FILENO, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
                return;
        int fd = open("/dev/kmsg", O_WRONLY | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return;
        g->log_fd = fd;
        g->log_prefix = "<28>"; /* LOG_DAEMON, LOG_WARNING */
        _Static_assert((LOG_DAEMON | LOG_WARNING) == 28, "the prefix");
}

/* One line, in one call; id: NULL, it is about no VM. */
static _printf_(3, 4) void complain(Generator *g, const char *id, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        char line[960];
        va_list ap;

        if (++g->n_complaints > COMPLAINTS_MAX)
                return;
        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        (void) snprintf(line, sizeof(line) - 1, "%sfcjail-generator[%i]: %s%s%s%s", g->log_prefix, getpid(),
                        id ? "VM '" : "", id ? id : "", id ? "': " : "", text ? text : "no memory");
        size_t size = strlen(line);
        line[size] = '\n';
        (void) !write(g->log_fd, line, size + 1);
}

static void complain_of_rest(Generator *g)
{
        const unsigned n = g->n_complaints;

        g->n_complaints = 0;
        if (n > COMPLAINTS_MAX)
                complain(g, NULL, "%u more messages; `fcjail check ID` names what is wrong",
                         n - COMPLAINTS_MAX);
}

/* The first one; that of a masked file is no mistake. */
static void complain_of_settings(Generator *g, const char *id, const Diagnostics *d)
{
        if (d->n_items > 0 && d->items[0].kind != DIAGNOSTIC_UNKNOWN_ID)
                complain(g, id, "%s", d->items[0].text);
}

/* In a directory that is only ours. A thousand files are made: each call counts. */
static int write_drop_in(const Generator *g, const char *id, const char *text)
{
        const size_t size = strlen(text);
        char path[ID_LEN_MAX + sizeof("fcjail@.service.d/50-fcjail.conf")];

        int n = snprintf(path, sizeof(path), "fcjail@%s.service.d", id);
        if (mkdirat(g->dir_fd, path, 0755) < 0)
                return -errno;
        (void) snprintf(path + n, sizeof(path) - (size_t) n, "/50-fcjail.conf");
        _cleanup_close_ int fd = openat(g->dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        ssize_t written = write(fd, text, size);
        if (written == (ssize_t) size)
                return 0;
        return written < 0 ? -errno : -ENOSPC;
}

static int load_config(const Generator *g, const char *id, Diagnostics *d, Config *ret)
{
        _cleanup_config_loader_ ConfigLoader l;
        int r;

        config_loader_init(&l, id, d);
        l.dirs = &g->env_dirs;
        r = config_loader_add_files(&l);
        return r < 0 ? r : config_loader_finish(&l, ret);
}

/* With facts that contradict no setting: whether a start could use them is not the question here. */
static int make_plan(const char *id, const Config *c, const VmmFiles *files, Diagnostics *d, Plan *ret)
{
        const HostFacts facts = {
                .unit_uid = UID_INVALID,
                .unit_gid = GID_INVALID,
                .unit_uid_later = true,
                .own_netns = TRISTATE_YES,
                .supervised = true,
                .ctrl_alt_del = HOST_IS_PC,
                .api_gid = GID_INVALID,
                .vmm_files = files,
        };

        return plan_make(id, c, &facts, d, ret);
}

/* Without FCJAIL_CONFIG= it still waits for what the settings themselves name. What is missing may be on a file system that
 * is mounted later, so nothing is said of that. */
static int make_drop_in(Generator *g, const char *id, const Config *c, Diagnostics *d, char **ret)
{
        const bool reads_config = c->config && c->config_bind != TRISTATE_NO;
        _cleanup_vmm_files_ VmmFiles files = {};
        _cleanup_free_ char *why = NULL;
        _cleanup_plan_ Plan plan = {};
        UnitNeeds needs;
        int r, k;

        k = reads_config ? config_reader_read(&g->reader, c->config, &files, &why) : 0;
        if (k == -ENOMEM)
                return k;
        if (k < 0 && k != -ENOENT)
                complain(g, id, "%s: %s", c->config, why);
        r = make_plan(id, c, reads_config && k >= 0 ? &files : NULL, d, &plan);
        if (r < 0)
                return r;

        unit_needs(&plan, &needs);
        return drop_in_make(&needs, g->flags | (k >= 0 ? DROP_IN_COMPLETE : 0), ret);
}

static int generate(Generator *g, const char *id, Diagnostics *d)
{
        _cleanup_config_ Config config = CONFIG_UNSET;
        _cleanup_free_ char *text = NULL;
        int r;

        r = load_config(g, id, d, &config);
        if (r >= 0)
                r = make_drop_in(g, id, &config, d, &text);
        if (r < 0 || text[0] == '\0')
                return r;
        return write_drop_in(g, id, text);
}

static void generate_all(Generator *g, char *const *ids)
{
        for (char *const *id = ids; *id; id++) {
                _cleanup_diagnostics_ Diagnostics d = {};
                int r = generate(g, *id, &d);

                if (r == -EBADMSG)
                        complain_of_settings(g, *id, &d);
                else if (r < 0)
                        complain(g, *id, "%s", strerror(-r));
        }
        complain_of_rest(g);
}

/* With a directory that cannot be trusted or read no VM starts. */
static int list_vms(Generator *g, char ***ret_ids)
{
        _cleanup_diagnostics_ Diagnostics d = {};
        int r;

        r = env_dirs_open(&d, &g->env_dirs);
        if (d.n_items > 0) {
                complain(g, NULL, "%s", d.items[0].text);
                return -EBADMSG;
        }
        if (r >= 0)
                r = env_dirs_list(&g->env_dirs);
        if (r >= 0)
                r = env_dir_ids(&g->env_dirs, ret_ids);
        if (r < 0)
                complain(g, NULL, "%s", strerror(-r));
        return r;
}

/* As nobody handles it, the signal also ends a wait for a file system. */
static void limit_time(void)
{
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGALRM);
        (void) signal(SIGALRM, SIG_DFL);
        (void) sigprocmask(SIG_UNBLOCK, &set, NULL);
        (void) alarm(SECONDS_MAX);
}

static bool has_device_units(void)
{
        struct statvfs sv;

        return statvfs("/sys", &sv) >= 0 && !(sv.f_flag & ST_RDONLY);
}

int main(int argc, char **argv)
{
        Generator g = {
                .flags = has_device_units() ? DROP_IN_DEVICE_UNITS : 0,
                .env_dirs = ENV_DIRS_NONE,
                .reader = CONFIG_READER_NULL,
        };
        _cleanup_strv_ char **ids = NULL;

        if (fd_fix_stdio() < 0)
                return EX_OSERR;
        if (argc < 2 || argc > 4 || argv[1][0] == '-') {
                fprintf(stderr, "fcjail-generator: usage: fcjail-generator DIRECTORY [EARLY [LATE]]\n");
                return EX_USAGE;
        }

        (void) umask(0022);
        open_log(&g);
        limit_time();
        g.dir_fd = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (g.dir_fd < 0)
                complain(&g, NULL, "%s", strerror(errno));
        else if (list_vms(&g, &ids) >= 0)
                generate_all(&g, ids);
        config_reader_done(&g.reader);
        env_dirs_done(&g.env_dirs);
        return EX_OK;
}
