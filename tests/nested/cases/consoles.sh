# A console that was added has a port that Linux finds by its name: it reads one file of the host and
# writes another.

host() {
	seq 20000 >input
	linux --port "data:$PWD/input:$PWD/output"
	cmp input output || fail 'what came back differs'
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_console || fail 'no driver'
	for _ in $(seq 100); do
		! grep -qx data /sys/class/virtio-ports/*/name 2>/dev/null || break
		sleep 0.1
	done
	port=$(grep -lx data /sys/class/virtio-ports/*/name) || fail 'no port of that name'
	port=/dev/$(basename "$(dirname "$port")")
	head -c "$(seq 20000 | wc -c)" "$port" >/tmp/data || fail 'read'
	cat /tmp/data >"$port" || fail 'write'
}
