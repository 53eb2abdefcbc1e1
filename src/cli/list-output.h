/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The forms in which `fcjail list` prints. Each returns 0, -ENOMEM or -EIO. */

#include <stdio.h>

#include "vm-facts.h"

int list_table(const VmFacts *vms, size_t n, FILE *f, size_t width, bool colors) _must_check_;

/* One object on one line; fcjail(1) describes it. */
int list_json(const VmFacts *vms, size_t n, FILE *f) _must_check_;

/* The text format of Prometheus. */
int list_prometheus(const VmFacts *vms, size_t n, FILE *f) _must_check_;
