/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The readers of values, one per form; ConfigParse in config-table.h says what they return. */

#include "macro.h"

/* To a member. */
int config_parse_tristate(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_vm_id(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_uid_range(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_path(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_vmm_args(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_vmm_text(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_jailer_mounts(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_guest_network(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_group(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_pool_texts(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_ready(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_label(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_selinux(const char *value, void *field, char **ret_why) _must_check_;

/* To the Config. */
int config_parse_api(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_netns(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_tap(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_uplink(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_cni(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_stop(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_bind(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_bind_ro(const char *value, void *field, char **ret_why) _must_check_;
int config_parse_seccomp(const char *value, void *field, char **ret_why) _must_check_;

/* Sets *ret_why. Returns -EINVAL, or -ENOMEM. */
int config_why(char **ret_why, const char *format, ...) _printf_(2, 3);
