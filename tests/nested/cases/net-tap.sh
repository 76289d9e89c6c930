# A Linux guest in a jail reaches a server of the host by a TAP interface, with checksums and segments
# offloaded: a large file arrives whole in both directions. An interface that is not permitted is refused.

host() {
	modprobe tun || skip 'no TAP interfaces'
	tunctl -t tap0 >/dev/null && ifconfig tap0 10.9.0.1 netmask 255.255.255.0 up || fail 'no tap0'
	mkdir www
	dd if=/dev/urandom of=www/file bs=1M count=16 2>/dev/null
	httpd -p 10.9.0.1:80 -h www
	mkfifo hold # input that does not end, which nc would pass on
	nc -l -p 81 >back <>hold &
	linux --tap tap0 --jail
	killall httpd
	expect "sum $(md5sum <www/file)"
	cmp www/file back || fail 'what came back differs'

	chmod 666 /dev/net/tun
	mkdir -p /etc
	echo other:x:1001:1001::/:/bin/sh >>/etc/passwd
	chmod 666 /dev/kvm # but he may make no interface
	timeout 60 su other -c 'boot-vm --kernel /guest/vmlinux --tap tap9' >out 2>&1 </dev/null
	status=$?
	expect_status 125
	expect 'TAP interface tap9: not permitted'
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_net || fail 'no driver'
	ifconfig eth0 10.9.0.2 netmask 255.255.255.0 up || fail 'no interface'
	test "$(cat /sys/class/net/eth0/address)" = 5a:94:ef:e4:0c:ee || fail 'address'
	wget -q -O /tmp/file http://10.9.0.1/file || fail 'no answer'
	echo "sum $(md5sum </tmp/file)"
	nc 10.9.0.1 81 </tmp/file || fail 'nobody listens'
}
