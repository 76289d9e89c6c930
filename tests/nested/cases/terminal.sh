# A script typed at the serial port of walnut boot: a shell answers, Ctrl-C interrupts, reboot starts
# again with the same terminal, and switching off is status 0.

# Waits until the text is in the output so many times.
await() {
	for tenth in $(seq 900); do
		test "$(grep -cF -- "$2" out)" -lt "$1" || return 0
		sleep 0.1
	done
	fail "no $1 x '$2'"
}

host() {
	mkfifo in
	timeout -s KILL 180 walnut boot --kernel /guest/vmlinuz --initrd /guest/initrd --mem 256M --cpus 2 \
		--cmdline "panic=-1 quiet tsc=reliable mitigations=off nested_case=$NAME" <in >out 2>err &
	exec 3>in
	await 1 'guest# '
	printf 'echo "answer $((6 * 7)) of $(nproc)"\n' >&3
	await 1 'answer 42 of 2'
	printf 'stty -a; echo waits; sleep 1000\n' >&3
	await 1 'isig icanon'
	sleep 1
	printf '\003' >&3
	await 3 'guest# '
	printf 'echo "status $?"\n' >&3
	await 1 'status 130'
	printf 'reboot -f\n' >&3
	await 5 'guest# '
	printf 'exit\n' >&3
	exec 3>&-
	wait $!
	status=$?
	expect_status 0
	expect "guest: $NAME: done"
	test ! -s err || fail "said: $(cat err)"
}

guest() {
	PS1='guest# ' setsid -c sh -i </dev/ttyS0 >/dev/ttyS0 2>&1
}
