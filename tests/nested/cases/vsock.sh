# Linux's vsock driver and our device understand each other: connections both ways through unix
# sockets, with more data under way than fits anywhere, and ends of one direction only.

host() {
	peer unix-listen "$PWD/out.sock" echo 6 &
	peer unix-connect "$PWD/in.sock" ask 3 2000000 >in.txt &
	linux --vsock "1000=$PWD/out.sock" --vsock "2000=$PWD/in.sock:listen"
	wait
	expect 'peer: vsock-connect 1000: 1 times 2000000 bytes' 'peer: vsock-connect 1000: 5 times 1 bytes'
	grep -q '3 times 2000000 bytes' in.txt || fail 'connections from the host'
	test ! -e in.sock || fail 'the listener is still there'
}

guest() {
	modprobe virtio_mmio
	modprobe vmw_vsock_virtio_transport
	peer vsock-connect 1000 ask 1 2000000 || fail 'one large echo'
	peer vsock-connect 1000 ask 5 1 || fail 'small echoes'
	peer vsock-listen 2000 echo 3 || fail 'connections from the host'
}
