# A Linux guest in a jail writes a file system that the host made; it is sound afterwards, and another guest
# finds everything there, on a disk that it cannot write.

host() {
	truncate -s 64M disk
	mkfs.ext4 -q disk
	CMDLINE=pass=write linux --jail --disk disk
	expect 'serial: disk' 'capacity: 131072'
	e2fsck -fn disk || fail 'the file system is damaged'
	debugfs -R 'cat /text' disk 2>/dev/null | grep -q '^written by the guest$' || fail 'the file is not there'
	cp disk before
	CMDLINE=pass=read linux --disk-ro disk
	cmp disk before || fail 'a read-only disk changed'
}

guest() {
	modprobe virtio_mmio
	modprobe virtio_blk
	echo "serial: $(cat /sys/block/vda/serial)"
	echo "capacity: $(cat /sys/block/vda/size)"
	if grep -q pass=write /proc/cmdline; then
		mount -t ext4 -o discard /dev/vda /mnt || fail mount
		echo 'written by the guest' >/mnt/text
		mkdir /mnt/many
		for i in $(seq 100); do
			dd if=/dev/urandom of=/mnt/many/$i bs=7000 count=$((i % 9 + 1)) 2>/dev/null || fail "file $i"
		done
		dd if=/dev/urandom of=/mnt/large bs=1M count=20 2>/dev/null || fail 'the large file'
		(cd /mnt && sha256sum large many/*) >/mnt/sums
		rm /mnt/many/5*
		sync
		umount /mnt
	else
		test "$(cat /sys/block/vda/ro)" = 1 || fail 'not read-only'
		dd if=/dev/zero of=/dev/vda bs=512 count=1 2>/dev/null && fail 'a read-only disk was written'
		mount -t ext4 -o ro,noload /dev/vda /mnt || fail mount
		cd /mnt && grep -v ' many/5' sums | sha256sum -c >/tmp/verdict || fail "$(grep -v OK /tmp/verdict)"
		cd / && umount /mnt
	fi
}
