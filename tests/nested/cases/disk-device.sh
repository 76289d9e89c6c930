# A block device of the host is a disk, past the page cache, unless the host has it mounted.

host() {
	modprobe loop
	truncate -s 32M backing
	losetup /dev/loop3 backing || fail losetup
	mkfs.ext4 -q /dev/loop3
	linux --disk-direct /dev/loop3
	expect 'discard: yes'
	e2fsck -fn /dev/loop3 || fail 'the file system is damaged'
	mkdir mounted
	mount -t ext4 /dev/loop3 mounted || fail mount
	cmp mounted/one mounted/two || fail 'the files differ'
	try_linux --disk /dev/loop3
	expect_status 125
	expect 'disk /dev/loop3: disk image busy'
	umount mounted
	losetup -d /dev/loop3
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_blk
	mount -t ext4 /dev/vda /mnt || fail mount
	dd if=/dev/urandom of=/mnt/one bs=4000 count=1000 2>/dev/null
	cp /mnt/one /mnt/two
	cp /mnt/one /mnt/three
	sync
	rm /mnt/three
	fstrim /mnt && echo 'discard: yes'
	umount /mnt
}
