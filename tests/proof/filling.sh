# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2317,SC2086
# `fcjail fill`, with each of its system calls made to fail, or to be its last one: what is in the pool then is whole, or
# is taken by nobody, and the next fill makes what is missing.
#
# FCJAIL_LONG=1 takes all points; otherwise a sample (tests/seed).
# shellcheck source-path=SCRIPTDIR source=../lab/lib.sh
LONG=${FCJAIL_LONG:-}
. "$(dirname "$0")/../lab/lib.sh"

PROGRAM=/usr/local/bin/filling-vmm
# EPERM EINTR EIO ENOMEM EINVAL EMFILE ENOSPC
ERRNOS="1 4 5 12 22 24 28"

settings() {
        [[ -x /usr/local/bin/inject ]] || skip "for x86_64 only"
        [[ -e $PROGRAM ]] || cp /usr/local/bin/observer $PROGRAM
        while (($(date +%s) - $(stat -c %Z $PROGRAM) <= 4)); do
                sleep 0.2
        done
        printf '%s\n' FCJAIL_POOL_TEXTS=2 FCJAIL_VMM=$PROGRAM >"$ENV/default.env"
        vm web1 FCJAIL_VMM=$PROGRAM
        # The first one of all has more to do.
        fcjail fill
        rm -rf "$TEXTS"
        echo record | inject /tmp/out -- fcjail fill | grep -vE ' exit(_group)? ' | awk '{ print $1, $2, $3 }' >/tmp/calls
}

# How many whole ones there are, if there is nothing else but one that is being made.
whole() {
        local text n=0
        for text in "$TEXTS"/*; do
                [[ -e $text && $text != *-new ]] || continue
                [[ $(stat -c '%f %u %g %h' "$text") == "8149 0 0 1" ]] && cmp -s "$PROGRAM" "$text" || return 0
                n=$((n + 1))
        done
        echo "$n"
}

# judge_one STATUS: what came of it.
judge_one() {
        local n
        n=$(whole)
        [[ $n ]] || { echo NOT-WHOLE && return; }
        if [[ $1 == 0 ]]; then
                [[ $n == 2 ]] && ! compgen -G "$TEXTS/*-new" >/dev/null && echo filled || echo "FEWER $n"
        elif fcjail fill >>/tmp/out 2>&1 && [[ $(whole) == 2 ]] && ! compgen -G "$TEXTS/*-new" >/dev/null; then
                echo by-the-next
        else
                echo STUCK
        fi
}

# each_point: the jobs in /tmp/jobs, with what came of each, to /tmp/results. A shell of its own, with which inject(1) ends.
each_point() (
        local job p name n act status executed
        coproc inject { exec inject /tmp/out -- fcjail fill; }
        while IFS= read -r job; do
                rm -rf "$TEXTS"
                echo "$job" >&"${inject[1]}"
                # shellcheck disable=SC2034 # the last one
                read -r p name n act status executed <&"${inject[0]}"
                [[ $status =~ ^(missed|hung)$ ]] || status=$(judge_one "$status")
                echo "$job $status"
        done </tmp/jobs >/tmp/results
)

count() {
        grep -c " $1\$" /tmp/results || true
}

# gate N OUTCOMES: a sample of N of the points in /tmp/all, in the long run all of them.
gate() {
        awk -v stride="$((($(wc -l </tmp/all) / $1) | 1))" -v seed="$SEED" -v long="$LONG" \
                'long != "" || (NR + seed) % stride == 0' /tmp/all >/tmp/jobs
        each_point
        is "$(wc -l </tmp/jobs)" "$(wc -l </tmp/results)"
        (($(count missed) * 10 <= $(wc -l </tmp/jobs))) || fail "$(count missed) points were missed"
        not grep -vE " ($2|missed)\$" /tmp/results
        figure "$(wc -l </tmp/jobs) points of $(wc -l </tmp/all): $(count filled) have filled the pool, $(count by-the-next) the next one has"
}

test_P3_errors_of_a_fill() {
        settings
        awk -v errnos="$ERRNOS" '{ n = split(errnos, e, " "); for (i = 1; i <= n; i++) print $1, $2, $3, e[i] }' /tmp/calls >/tmp/all
        gate 150 'filled|by-the-next'
        (($(count by-the-next) > 50))
}

test_P5_kills_of_a_fill() {
        settings
        awk '{ print $1, $2, $3, "kill" }' /tmp/calls >/tmp/all
        gate 60 'by-the-next|filled'
        (($(count by-the-next) > 30))
        rm -rf "$PROGRAM" "$TEXTS"
}

main "$@"
