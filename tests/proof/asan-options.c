/* SPDX-License-Identifier: Apache-2.0 */

/* For fcjail-systemd in a build with AddressSanitizer: it has no environment that could say so. Looking for leaks takes
 * ptrace(2), which the unit's filter refuses; then it tries for ever. */

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
        return "detect_leaks=0";
}
