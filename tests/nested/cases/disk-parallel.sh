# Several disks appear in their order, and writers on two processors do not disturb each other.

host() {
	for disk in first second third; do
		truncate -s 48M $disk
		mkfs.ext4 -q $disk
	done
	linux --cpus 2 --disk first --disk second --disk third
	for disk in first second third; do
		e2fsck -fn $disk || fail "the file system on $disk is damaged"
	done
}

# Files on the file system, each read back past the guest's cache.
writer() {
	for i in 1 2 3; do
		dd if=/dev/urandom of="/tmp/$2" bs=65536 count=8 2>/dev/null
		dd if="/tmp/$2" of="$1/$2" bs=$((4096 * i)) oflag=direct 2>/dev/null || return 1
		dd if="$1/$2" bs=65536 iflag=direct 2>/dev/null | cmp - "/tmp/$2" || return 1
	done
	echo "$2" >>/tmp/succeeded
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_blk
	test "$(cat /sys/block/vd[abc]/serial)" = firstsecondthird || fail 'another order'
	for disk in a b c; do
		mkdir /mnt/$disk
		mount -t ext4 /dev/vd$disk /mnt/$disk || fail "mount $disk"
		writer /mnt/$disk 1$disk &
		writer /mnt/$disk 2$disk &
	done
	wait
	test "$(sort /tmp/succeeded | tr '\n' ' ')" = '1a 1b 1c 2a 2b 2c ' || fail "only $(cat /tmp/succeeded)"
	umount /mnt/a /mnt/b /mnt/c
}
