# Four processors come up, each runs programs, and the guest sees them as cores of one package.

host() {
	linux --cpus 4
}

guest() {
	test "$(nproc)" = 4 || fail "$(nproc) processors"
	for cpu in 0 1 2 3; do
		taskset -c $cpu sh -c 'cat /proc/self/stat' | awk -v cpu=$cpu '$39 != cpu { exit 1 }' ||
			fail "nothing runs on processor $cpu"
		test "$(cat /sys/devices/system/cpu/cpu$cpu/topology/core_id)" = $cpu || fail "core of $cpu"
		test "$(cat /sys/devices/system/cpu/cpu$cpu/topology/physical_package_id)" = 0 || fail "package of $cpu"
	done
	dmesg | grep -i 'APIC.*mismatch\|firmware bug\|BIOS bug' && fail 'bad tables'
	true
}
