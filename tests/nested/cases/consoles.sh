# A console that was added has a port that Linux finds by its name: it reads one file of the host and
# writes another. The implicit one has the streams that are no terminals, or a file instead.

host() {
	seq 20000 >input
	linux --port "data:$PWD/input:$PWD/output"
	expect 'guest: a line through krun-stdout'
	linux --console "$PWD/console" --port "data:$PWD/input:$PWD/output"
	grep -q 'guest: a line through hvc0' console || fail 'nothing in the file of the console'
	! grep -q 'through hvc0' out || fail 'and in the log'
	cmp input output || fail 'what came back differs'
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_console || fail 'no driver'
	for _ in $(seq 100); do
		! grep -qx data /sys/class/virtio-ports/*/name 2>/dev/null || break
		sleep 0.1
	done
	if stream=$(grep -lx krun-stdout /sys/class/virtio-ports/*/name); then
		echo 'guest: a line through krun-stdout' >"/dev/$(basename "$(dirname "$stream")")"
	else
		echo 'guest: a line through hvc0' >/dev/hvc0
	fi
	port=$(grep -lx data /sys/class/virtio-ports/*/name) || fail 'no port of that name'
	port=/dev/$(basename "$(dirname "$port")")
	head -c "$(seq 20000 | wc -c)" "$port" >/tmp/data || fail 'read'
	cat /tmp/data >"$port" || fail 'write'
}
