# A guest with more RAM than fits below the device gap has all of it, and can use its end.

host() {
	linux --mem 4608
}

guest() {
	grep 'System RAM' /proc/iomem
	grep -q '^100000000-14fffffff : System RAM' /proc/iomem || fail 'nothing above 4 GiB'
	grep -q -- '-cfffffff : System RAM' /proc/iomem || fail 'the gap is not where it should be'
	test "$(awk '/MemTotal/ { print $2 }' /proc/meminfo)" -gt 4400000 || fail "$(head -n 1 /proc/meminfo)"
	# The kernel hands out the highest zone first.
	dd if=/dev/zero of=/tmp/file bs=1M count=64 2>/dev/null
	dd if=/tmp/file bs=1M 2>/dev/null | tr -d '\0' | wc -c | grep -qx 0
}
