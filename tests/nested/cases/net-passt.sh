# Linux reaches a server of the host through passt: a large file arrives whole in both
# directions. When passt dies the link goes down and the machine goes on.

host() {
	command -v passt >/dev/null || skip 'no passt'
	modprobe tun || skip 'no interface that passt could take its addresses from'
	tunctl -t out0 >/dev/null && ifconfig out0 10.8.0.2 netmask 255.255.255.0 up &&
		route add default gw 10.8.0.1 || fail 'no out0'
	mkdir www
	dd if=/dev/urandom of=www/file bs=1M count=16 2>/dev/null
	httpd -p 127.0.0.1:8080 -h www
	mkfifo hold # input that does not end, which nc would pass on
	nc -l -p 8081 >back <>hold &
	start_passt
	end_passt &
	linux --passt "$PWD/socket"
	killall httpd
	expect "sum $(md5sum <www/file)" 'the link is down' 'guest: link went down'
	cmp www/file back || fail 'what came back differs'
}

# It makes itself a root, which it cannot in the initial RAM file system, which is no mount.
start_passt() {
	mkdir -p /etc
	grep -q nobody /etc/passwd 2>/dev/null || echo nobody:x:65534:65534::/:/bin/sh >>/etc/passwd
	chmod 777 .
	unshare -m sh -c "mount --rbind / /mnt && cd /mnt && mount --move . / && exec chroot . passt -f -4 \
		-s $PWD/socket -a 10.8.0.3 -n 24 -g 10.8.0.1" >passt.log 2>&1 &
	passt=$!
	for _ in $(seq 100); do
		test ! -S socket || return 0
		sleep 0.1
	done
	cat passt.log
	skip 'passt does not start here'
}

# When the guest has all it wanted.
end_passt() {
	until grep -q 'guest: waiting' out 2>/dev/null; do
		sleep 0.2
	done
	kill "$passt"
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_net || fail 'no driver'
	ifconfig eth0 10.8.0.3 netmask 255.255.255.0 up && route add default gw 10.8.0.1 || fail 'no interface'
	wget -q -O /tmp/file http://10.8.0.1:8080/file || fail 'no answer'
	echo "sum $(md5sum </tmp/file)"
	nc 10.8.0.1 8081 </tmp/file || fail 'nobody listens'
	echo 'guest: waiting'
	for _ in $(seq 300); do
		test "$(cat /sys/class/net/eth0/carrier)" = 1 || break
		sleep 0.1
	done
	test "$(cat /sys/class/net/eth0/carrier)" = 0 && echo 'guest: link went down'
}
