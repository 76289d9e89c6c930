# A disk without room on the host, or shorter than it was, is an error for the guest's request; the
# machine goes on. An image that is in use is not opened twice.

host() {
	mkdir small
	mount -t tmpfs -o size=8m small small
	truncate -s 64M small/disk
	linux --disk small/disk --cpus 2
	expect 'queues: 2' 'cannot write: No space left on device'
	umount small

	truncate -s 4M twice
	try_linux --disk twice --disk-ro twice
	expect_status 125
	expect 'disk image busy'
	try_linux --disk missing
	expect_status 125
	expect 'disk missing: No such file or directory'
	try_linux --disk-direct twice # in RAM
	expect_status 125
	expect 'disk twice: its file system has no direct I/O'
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_blk
	echo "queues: $(ls /sys/block/vda/mq | wc -l)"
	dd if=/dev/zero of=/dev/vda bs=1M count=2 conv=fsync 2>/dev/null || fail 'there is room for this'
	dd if=/dev/urandom of=/dev/vda bs=1M seek=4 count=40 conv=fsync 2>/dev/null && fail 'there is no room for this'
	blkdiscard /dev/vda || fail discard
	dd if=/dev/urandom of=/dev/vda bs=1M count=4 conv=fsync 2>/dev/null || fail 'there is room again'
}
