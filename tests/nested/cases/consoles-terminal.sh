# A console with a terminal of the host's is one of Linux's terminals (hvc1, behind the implicit
# one's hvc0): it has the host's size, and what is typed there is read.

host() {
	linux --console "$PWD/console" --terminal 'screen:two words'
	expect 'terminal: guest: your turn' 'guest: read two words' 'guest: 30 100'
}

# Until the terminal $1 can be opened.
wait_for() {
	for _ in $(seq 100); do
		! (: >"$1") 2>/dev/null || return 0
		sleep 0.1
	done
	fail "no $1"
}

guest() {
	modprobe virtio_mmio
	# One after the other: of two consoles that come at the same time Linux 6.1 may lose one, for it
	# counts them without a lock.
	echo 0 >/sys/bus/virtio/drivers_autoprobe
	modprobe virtio_console || fail 'no driver'
	number=0
	for device in /sys/bus/virtio/devices/*; do
		test "$(cat $device/device)" = 0x0003 || continue
		basename $device >/sys/bus/virtio/drivers/virtio_console/bind || fail 'no device'
		wait_for /dev/hvc$number
		number=$((number + 1))
	done
	test $number = 2 || fail "$number consoles"
	# One opening for all: a last close throws away what was typed.
	exec 3<>/dev/hvc1 || fail 'no terminal'
	printf 'guest: your turn' >&3
	read -r line <&3
	echo "guest: read $line"
	echo "guest: $(stty size <&3)"
}
