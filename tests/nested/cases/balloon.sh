# A Linux guest reports pages that it has freed, and the host gets them back.

# The memory that boot-vm of this case has, in KiB, once a second.
watch_memory() {
	while sleep 1; do
		for process in /proc/[0-9]*; do
			case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
			boot-vm*nested_case="$NAME"*) sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "$process/status" ;;
			esac
		done
	done >memory 2>/dev/null
}

host() {
	watch_memory &
	watcher=$!
	linux --mem 512
	kill $watcher
	most=$(sort -n memory | tail -n 1)
	last=$(tail -n 1 memory)
	echo "most $most KiB, last $last KiB" >>out
	test $((most - last)) -gt 150000 || fail 'the host did not get the memory back'
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_balloon
	mkdir /tmp/large
	mount -t tmpfs -o size=300m large /tmp/large
	dd if=/dev/zero of=/tmp/large/file bs=1M count=250 2>/dev/null || fail 'no memory'
	sleep 3
	umount /tmp/large
	sleep 8
}
