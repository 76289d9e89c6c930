# Linux finds on its command line what libkrun tells of the program, console= is replaced, and there
# are no virtual machines in the guest.

host() {
	linux --program
	expect 'guest: arguments one,two words'
}

guest() {
	for word in console=ttyS0,9600 KRUN_INIT=/bin/app KRUN_WORKDIR=/work 'KRUN_RLIMITS="7=100:200"' '"A=b c"'; do
		grep -qF -- "$word" /proc/cmdline || fail "no $word in $(cat /proc/cmdline)"
	done
	! grep -q 'console=ttyS0 ' /proc/cmdline || fail 'the other console is still there'
	grep -q ' -- "one" "two words"$' /proc/cmdline || fail 'arguments'
	echo "guest: arguments $1,$2"
	! grep -qw 'svm\|vmx' /proc/cpuinfo || fail 'virtual machines are possible'
}
