# A console with a terminal of the host's is one of Linux's terminals (hvc1, behind the implicit
# one's hvc0): it has the host's size, and what is typed there is read.

host() {
	linux --console "$PWD/console" --terminal 'screen:two words'
	expect 'terminal: guest: your turn' 'guest: read two words' 'guest: 30 100'
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_console || fail 'no driver'
	for _ in $(seq 100); do
		! (: >/dev/hvc1) 2>/dev/null || break
		sleep 0.1
	done
	# One opening for all: a last close throws away what was typed.
	exec 3<>/dev/hvc1 || fail 'no terminal'
	printf 'guest: your turn' >&3
	read -r line <&3
	echo "guest: read $line"
	echo "guest: $(stty size <&3)"
}
