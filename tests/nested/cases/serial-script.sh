# A script that is the input of walnut boot from the start reaches the shell whole, though Linux clears
# the serial port when it looks for it and when it is opened.

host() {
	for i in $(seq 40); do
		echo "echo \"line $i: \$((1000 + $i))\""
	done >script
	echo exit >>script
	timeout -s KILL 180 walnut boot --kernel /guest/vmlinuz --initrd /guest/initrd --mem 256M \
		--cmdline "panic=-1 quiet tsc=reliable mitigations=off nested_case=$NAME" <script >out 2>err
	status=$?
	expect_status 0
	for i in $(seq 40); do
		expect "line $i: $((1000 + i))"
	done
	expect "guest: $NAME: done"
	test ! -s err || fail "said: $(cat err)"
}

guest() {
	sh </dev/ttyS0 >/dev/ttyS0 2>&1
}
