# Runs host() of the case $NAME, with these words to help it. The current folder is its own.

set -u

# Ends the case.
fail() {
	echo "$NAME: $*"
	test ! -e out || { echo '--- out:'; tail -n 60 out; }
	exit 1
}
skip() {
	echo "$*"
	exit 77
}

# Boots Linux with this case's guest() and the given options of boot-vm; the guest's console
# and our messages go to the file out, the exit status to $status.
try_linux() {
	try_boot --kernel /guest/vmlinux --initrd /guest/initrd "$@" --cmdline \
		"console=ttyS0 panic=-1 quiet tsc=reliable mitigations=off nested_case=$NAME ${CMDLINE:-}"
}

# The same for any kernel.
try_boot() {
	timeout -s KILL "${LIMIT:-300}" boot-vm "$@" >out 2>&1 </dev/null
	status=$?
	test $status != 137 || fail "no end of boot-vm $*"
}

# Boots it and expects that guest() succeeded and the machine was powered off.
linux() {
	try_linux "$@"
	expect_status 0
	expect "guest: $NAME: done"
}

expect_status() {
	test "$status" = "$1" || fail "exit status $status instead of $1"
}

# Each of the texts occurs in out.
expect() {
	for text; do
		grep -qF -- "$text" out || fail "expected '$text'"
	done
}

. "/nested/cases/$NAME.sh"
host
