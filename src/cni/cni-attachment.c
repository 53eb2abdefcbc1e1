/* SPDX-License-Identifier: Apache-2.0 */

/* An attachment as settings, as a request, and as a record. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "at.h"
#include "chase.h"
#include "cni.h"
#include "fd-util.h"
#include "json-add.h"
#include "parse.h"
#include "systemd.h"

#define RECORD_VERSION  1
#define RECORD_SIZE_MAX (4 * 1024 * 1024)

#define RETRY_USEC 10000U

/* The plugin bandwidth counts in bits, and has 32 of them for a burst. */
#define BURST_MAX 4294967295ULL

void cni_attachment_done(CniAttachment *a)
{
        free(a->id);
        free(a->netns);
        cni_network_done(&a->network);
        json_object_put(a->capabilities);
        json_object_put(a->result);
        *a = (CniAttachment){};
}

static int add_ips(struct json_object *o, const CniConfig *c)
{
        struct json_object *array = json_object_new_array();
        char text[ADDRESS_STR_MAX];
        int r = add_member(o, "ips", array);

        FOREACH_ARRAY (a, c->addresses, c->n_addresses)
                if (r >= 0)
                        r = add_value(array, json_object_new_string(address_to_string(a, text)));
        return r;
}

static int add_ports(struct json_object *o, const CniConfig *c)
{
        struct json_object *array = json_object_new_array();
        int r = add_member(o, "portMappings", array);

        FOREACH_ARRAY (p, c->ports, c->n_ports) {
                struct json_object *port = r >= 0 ? json_object_new_object() : NULL;

                if (r < 0 || add_value(array, port) < 0)
                        return -ENOMEM;
                r = ALL(add_number(port, "hostPort", p->host), add_number(port, "containerPort", p->guest),
                        add_string(port, "protocol", p->protocol));
        }
        return r;
}

/* A burst of one second. */
static int add_rate(struct json_object *o, const char *rate, const char *burst, uint64_t value)
{
        if (value == 0)
                return 0;
        return ALL(add_member(o, rate, json_object_new_int64((int64_t) value)),
                   add_member(o, burst,
                              json_object_new_int64((int64_t) (value < BURST_MAX ? value : BURST_MAX))));
}

static int add_bandwidth(struct json_object *o, const CniConfig *c)
{
        struct json_object *bandwidth = json_object_new_object();

        return ALL(add_member(o, "bandwidth", bandwidth),
                   add_rate(bandwidth, "ingressRate", "ingressBurst", c->ingress),
                   add_rate(bandwidth, "egressRate", "egressBurst", c->egress));
}

static int make_capabilities(const CniConfig *c, struct json_object *o)
{
        char mac[MAC_STR_MAX];

        return ALL(c->n_addresses > 0 ? add_ips(o, c) : 0,
                   c->has_mac ? add_string(o, "mac", mac_to_string(&c->mac, mac)) : 0,
                   c->n_ports > 0 ? add_ports(o, c) : 0,
                   c->ingress + c->egress > 0 ? add_bandwidth(o, c) : 0);
}

static int set_id(CniAttachment *a, const char *id)
{
        a->id = strdup(id);
        return !a->id || ASPRINTF(&a->netns, CNI_NETNS_DIR "/" CNI_NETNS_PREFIX "%s", id) < 0 ? -ENOMEM : 0;
}

/* Another unit may also run `fcjail cni add`. The environment of ours has its name, which tells the two apart. */
static bool unit_runs_us(const char *id)
{
        char own[sizeof("fcjail-cni@.service") + ID_LEN_MAX];
        const char *name = getenv("UNIT_NAME");

        (void) snprintf(own, sizeof(own), "fcjail-cni@%s.service", id);
        return systemd_runs_us() && name && strcmp(name, own) == 0;
}

int cni_attachment_make(const char *id, const CniConfig *config, CniAttachment *ret, char **ret_why)
{
        _cleanup_cni_attachment_ CniAttachment a = {
                .capabilities = json_object_new_object(),
                .of_unit = unit_runs_us(id),
        };
        int r;

        r = a.capabilities ? set_id(&a, id) : -ENOMEM;
        if (r >= 0)
                r = make_capabilities(config, a.capabilities);
        if (r >= 0)
                r = cni_network_load(config->network, &a.network, ret_why);
        if (r < 0)
                return r;
        *ret = a;
        a = (CniAttachment){};
        return 0;
}

/* Those that the plugin declares, and the settings give. */
static struct json_object *runtime_config(const CniAttachment *a, struct json_object *plugin)
{
        struct json_object *declared = NULL, *o = json_object_new_object();

        (void) json_object_object_get_ex(plugin, "capabilities", &declared);
        if (!o || !json_object_is_type(declared, json_type_object))
                return o;
        json_object_object_foreach(a->capabilities, name, value)
        {
                struct json_object *wanted = NULL;

                if (!json_object_object_get_ex(declared, name, &wanted) || !json_object_get_boolean(wanted))
                        continue;
                if (json_object_object_add(o, name, json_object_get(value)) < 0) {
                        json_object_put(o);
                        return NULL;
                }
        }
        return o;
}

static int fill_request(const CniAttachment *a, struct json_object *plugin, struct json_object *o)
{
        struct json_object *config = runtime_config(a, plugin);
        int r;

        json_object_object_del(o, "capabilities");
        json_object_object_del(o, "prevResult");
        r = ALL(add_string(o, "name", a->network.name), add_string(o, "cniVersion", a->network.version));
        if (r >= 0 && config && json_object_object_length(config) > 0)
                r = add_member(o, "runtimeConfig", json_object_get(config));
        if (r >= 0 && a->result)
                r = add_member(o, "prevResult", json_object_get(a->result));
        json_object_put(config);
        return config ? r : -ENOMEM;
}

char *cni_request(const CniAttachment *a, size_t plugin)
{
        struct json_object *of = cni_network_plugin(&a->network, plugin), *o = NULL;
        char *text = NULL;

        if (json_object_deep_copy(of, &o, NULL) >= 0 && fill_request(a, of, o) >= 0) {
                const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                          JSON_C_TO_STRING_NOSLASHESCAPE);
                text = s ? strdup(s) : NULL;
        }
        json_object_put(o);
        return text;
}

/* /var/lib is there on every host. */
static int open_records(void)
{
        _cleanup_close_ int lib = chase_open("/var/lib", O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (lib < 0)
                return lib;
        _cleanup_close_ int fcjail = at_make_dir(lib, "fcjail", 0755);
        return fcjail < 0 ? fcjail : at_make_dir(fcjail, "cni", 0700);
}

/* A name that no id has. */
#define DRAFT_MAX (ID_LEN_MAX + 8)

static const char *draft_of(const char *id, char buf[DRAFT_MAX])
{
        (void) snprintf(buf, DRAFT_MAX, ".%s.new", id);
        return buf;
}

/* The record is for what outlives a power failure: the leases of addresses. */
static int sync_at(int dir_fd, const char *name)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : RET_NERRNO(fsync(fd));
}

int cni_record_write(const CniAttachment *a)
{
        struct json_object *o = json_object_new_object();
        const char *text = NULL;
        char draft[DRAFT_MAX];
        int r;

        _cleanup_close_ int fd = open_records();
        r = fd < 0 ? fd
                   : ALL(o ? 0 : -ENOMEM, add_number(o, "version", RECORD_VERSION),
                         add_string(o, "id", a->id),
                         add_member(o, "network", json_object_get(a->network.list)),
                         add_member(o, "capabilities", json_object_get(a->capabilities)),
                         add_member(o, "unit", json_object_new_boolean(a->of_unit)),
                         a->result ? add_member(o, "result", json_object_get(a->result)) : 0);
        if (r >= 0) {
                text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);
                r = !text ? -ENOMEM : strlen(text) > RECORD_SIZE_MAX ? -EFBIG : 0;
        }
        /* Whole, or not at all; and never one that cannot be read. */
        if (r >= 0)
                r = at_remove(fd, draft_of(a->id, draft));
        if (r >= 0)
                r = at_write_file(fd, draft, 0600, text, strlen(text));
        if (r >= 0)
                r = sync_at(fd, draft);
        if (r >= 0)
                r = RET_NERRNO(renameat(fd, draft, fd, a->id));
        if (r >= 0)
                r = sync_at(fd, ".");
        json_object_put(o);
        return r;
}

static struct json_object *member(struct json_object *o, const char *name)
{
        struct json_object *m = NULL;

        if (json_object_is_type(o, json_type_object))
                (void) json_object_object_get_ex(o, name, &m);
        return m;
}

static int take_record(struct json_object *o, const char *id, CniAttachment *ret)
{
        _cleanup_cni_attachment_ CniAttachment a = {};
        _cleanup_free_ char *why = NULL;
        const char *of = json_object_get_string(member(o, "id"));
        int r;

        if (!of || strcmp(of, id) != 0 || json_object_get_int(member(o, "version")) != RECORD_VERSION ||
            !json_object_is_type(member(o, "capabilities"), json_type_object))
                return -EBADMSG;
        a.capabilities = json_object_get(member(o, "capabilities"));
        a.of_unit = json_object_get_boolean(member(o, "unit")); /* false of an older version's */
        a.result = json_object_get(member(o, "result"));
        r = set_id(&a, id);
        if (r >= 0)
                r = cni_network_read(json_object_get(member(o, "network")), &a.network, &why);
        if (r < 0)
                return r;
        *ret = a;
        a = (CniAttachment){};
        return 0;
}

int cni_record_read(const char *id, CniAttachment *ret)
{
        _cleanup_free_ char *text = NULL;
        int r;

        _cleanup_close_ int fd = open_records();
        r = fd < 0 ? fd : at_read_file(fd, id, RECORD_SIZE_MAX, &text, NULL);
        if (r < 0)
                return r;
        struct json_object *o = json_tokener_parse(text);
        r = take_record(o, id, ret);
        json_object_put(o);
        return r;
}

int cni_record_remove(const char *id)
{
        char draft[DRAFT_MAX];
        int r;

        _cleanup_close_ int fd = open_records();
        r = fd < 0 ? fd : at_remove(fd, draft_of(id, draft));
        return r < 0 ? r : at_remove(fd, id);
}

int cni_records_each(int (*each)(const char *id, void *userdata), void *userdata)
{
        _cleanup_closedir_ DIR *d = NULL;
        const char *id;
        int r;

        _cleanup_close_ int fd = chase_open(CNI_RECORD_DIR, O_PATH | O_DIRECTORY, CHASE_DEFAULT, NULL);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = at_list_dir(fd, ".", &d);
        while (r >= 0 && (r = at_next(d, &id)) > 0)
                if (jailer_id_valid(id) && (r = each(id, userdata)) != 0)
                        return r;
        return r;
}

/* -EAGAIN: a collector, which is known by the type of its lock, has it or had it a moment ago. */
static int lock_file(const char *id, short type)
{
        /* Two ids with one hash wait for each other, at worst. */
        const struct flock wanted = {
                .l_type = type, .l_whence = SEEK_SET, .l_start = id_hash(id), .l_len = 1
        };
        struct flock lock = wanted;

        _cleanup_close_ int run = chase_open("/run/fcjail", O_PATH | O_DIRECTORY, CHASE_MKDIR, NULL);
        if (run < 0)
                return run;
        _cleanup_close_ int fd = openat(run, "cni.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        if (fcntl(fd, F_OFD_SETLK, &lock) >= 0)
                return TAKE_FD(fd);
        if (errno != EAGAIN && errno != EACCES)
                return -errno;
        lock = wanted;
        lock.l_type = F_WRLCK;
        return fcntl(fd, F_OFD_GETLK, &lock) >= 0 && lock.l_type != F_WRLCK ? -EAGAIN : -EBUSY;
}

int cni_lock(const char *id)
{
        int fd;

        while ((fd = lock_file(id, F_WRLCK)) == -EAGAIN)
                (void) usleep(RETRY_USEC);
        return fd;
}

int cni_lock_to_collect(const char *id)
{
        int fd = lock_file(id, F_RDLCK);

        return fd == -EAGAIN ? -EBUSY : fd;
}
