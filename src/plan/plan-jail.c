/* SPDX-License-Identifier: Apache-2.0 */

/* What the jail is made of. A device node, a mount or a file is a row here; an optional one is added where its condition
 * is. The steps make the rows, `audit` reads them back, and the record has what a cleanup removes. */

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "plan-jail.h"

#define VMM_MODE_OF_ROOT (S_IFREG | 0111)

static void add_node(Plan *p, const char *path, mode_t mode, dev_t rdev)
{
        assert(p->n_nodes < ELEMENTSOF(p->nodes));
        p->nodes[p->n_nodes++] = (NodePlan){ path, S_IFCHR | mode, rdev };
}

static void add_mount(Plan *p, const char *path, MountSource source, unsigned long flags)
{
        assert(p->n_mounts < ELEMENTSOF(p->mounts));
        p->mounts[p->n_mounts++] = (MountPlan){ path, source, MS_NOSUID | flags };
}

static void add_file(Plan *p, const char *path, FileKind kind, mode_t mode)
{
        assert(p->n_files < ELEMENTSOF(p->files));
        p->files[p->n_files++] = (FilePlan){ path, kind, mode };
}

/* Numbers from the kernel's Documentation/admin-guide/devices.txt. */
static void plan_nodes(const HostFacts *facts, Plan *p)
{
        add_node(p, "kvm", 0660, makedev(10, 232));
        add_node(p, "net/tun", 0660, makedev(10, 200));
        add_node(p, "null", 0666, makedev(1, 3));
        add_node(p, "random", 0444, makedev(1, 8));
        add_node(p, "urandom", 0444, makedev(1, 9));
        /* For the restore of a snapshot through userfaultfd; the VMM alone decides whether it wants it. */
        if (facts->userfaultfd != 0)
                add_node(p, "userfaultfd", 0660, facts->userfaultfd);
}

static bool has_loops(const Plan *p)
{
        FOREACH_ARRAY (b, p->binds, p->n_binds)
                if (b->loop)
                        return true;
        return false;
}

/* In the order in which they are made. Only dev/ and the nodes of loop devices are not nodev, and nothing else is on them. */
void plan_jail_mounts(const HostFacts *facts, Plan *p)
{
        if (p->vm_owns_root)
                add_mount(p, "", MOUNT_ROOT, MS_NODEV | MS_NOEXEC);
        else {
                add_mount(p, "", MOUNT_ROOT, MS_RDONLY | MS_NODEV | MS_NOEXEC);
                add_mount(p, JAIL_RUN, MOUNT_RUN, MS_NODEV | MS_NOEXEC);
        }
        add_mount(p, p->vmm_name, MOUNT_VMM, MS_RDONLY | MS_NODEV);
        if (p->takes_mounts) /* but for a block device; MS_RDONLY in addition for each that was so, and for directories */
                add_mount(p, "", MOUNT_BELOW, MS_NODEV | MS_NOEXEC);
        if (!p->vm_owns_root)
                add_mount(p, "", MOUNT_DISKS, MS_NODEV | MS_NOEXEC);
        if (p->n_binds > 0) /* MS_RDONLY in addition for each that says so */
                add_mount(p, "", MOUNT_BINDS, MS_NODEV | MS_NOEXEC);
        add_mount(p, JAIL_DEV, MOUNT_DEV, MS_RDONLY | MS_NOEXEC);
        if (has_loops(p))
                add_mount(p, "", MOUNT_LOOPS, MS_RDONLY | MS_NOEXEC);
        if (facts->cpu_files)
                add_mount(p, JAIL_SYS, MOUNT_SYS, MS_RDONLY | MS_NODEV | MS_NOEXEC);
}

static void plan_files(const HostFacts *facts, Plan *p)
{
        add_file(p, p->vmm_name, FILE_VMM, p->vm_is_root ? VMM_MODE_OF_ROOT : VMM_MODE);
        add_file(p, JAIL_DEV, FILE_PLACE, S_IFDIR | 0755);
        if (facts->cpu_files)
                add_file(p, JAIL_SYS, FILE_PLACE, S_IFDIR | 0755);
        if (p->vm_owns_root)
                add_file(p, JAIL_RUN, FILE_VM_DIR, S_IFDIR | VM_DIR_MODE);
        else
                add_file(p, JAIL_RUN, FILE_RUN, S_IFDIR | 0770);
        if (p->pid_file)
                add_file(p, p->pid_file, FILE_PID, S_IFREG | 0644);
        if (p->config)
                add_file(p, JAIL_CONFIG, FILE_CONFIG, S_IFREG | 0440);
}

void plan_jail(const HostFacts *facts, Plan *p)
{
        plan_nodes(facts, p);
        plan_files(facts, p);
}

Layout plan_layout(const Plan *p)
{
        return (Layout){ .base = p->chroot_dir, .vmm_name = p->vmm_name, .id = p->id };
}

const FilePlan *plan_file(const Plan *p, FileKind kind)
{
        FOREACH_ARRAY (f, p->files, p->n_files)
                if (f->kind == kind)
                        return f;
        return NULL;
}

const MountPlan *plan_mount(const Plan *p, MountSource source)
{
        FOREACH_ARRAY (m, p->mounts, p->n_mounts)
                if (m->source == source)
                        return m;
        return NULL;
}

const char *plan_mount_text(const MountPlan *m, char buf[NAME_MAX + 2])
{
        if (m->source == MOUNT_DISKS)
                return "files that belong to the VM";
        if (m->source == MOUNT_BELOW)
                return "what is mounted below root/";
        if (m->source == MOUNT_BINDS)
                return "what is bound";
        if (m->source == MOUNT_LOOPS)
                return "loop devices";
        (void) snprintf(buf, NAME_MAX + 2, "/%s", m->path);
        return buf;
}

const char *plan_mount_flags(const MountPlan *m, char buf[MOUNT_FLAGS_TEXT_MAX])
{
        (void) snprintf(buf, MOUNT_FLAGS_TEXT_MAX, "%s%s%s%s", m->flags & MS_RDONLY ? "ro" : "rw",
                        m->flags & MS_NOSUID ? ",nosuid" : "", m->flags & MS_NODEV ? ",nodev" : "",
                        m->flags & MS_NOEXEC ? ",noexec" : "");
        return buf;
}

const char *plan_next_namespace(const Plan *p, size_t *i)
{
        static const struct {
                const char *name;
                int flag;
        } kinds[] = {
                { "mnt", CLONE_NEWNS },  { "pid", CLONE_NEWPID },       { "ipc", CLONE_NEWIPC },
                { "uts", CLONE_NEWUTS }, { "cgroup", CLONE_NEWCGROUP }, { "net", CLONE_NEWNET },
        };

        while (*i < ELEMENTSOF(kinds)) {
                size_t k = (*i)++;
                if (p->new_namespaces & kinds[k].flag)
                        return kinds[k].name;
        }
        return NULL;
}
