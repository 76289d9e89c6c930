# A guest with as many virtio devices as there can be reaches each of them: the last ones have
# interrupts that only ACPI tells of.

host() {
	for i in 1 2 3 4 5 6 7 8; do
		printf "disk number $i" >disk$i
		truncate -s 1M disk$i
		set -- "$@" --disk disk$i
	done
	linux --cpus 2 "$@"
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_blk
	n=0
	for disk in a b c d e f g h; do
		n=$((n + 1))
		test "$(head -c 13 /dev/vd$disk)" = "disk number $n" || fail "disk $n"
	done
	test "$(grep -E '^ *1[67]:' /proc/interrupts | grep -c virtio)" = 2 || fail "$(grep virtio /proc/interrupts)"
}
