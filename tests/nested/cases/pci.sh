# An unmodified kernel finds its devices on PCI and is interrupted by messages (MSI-X), or by lines
# where it wants none.

host() {
	truncate -s 32M disk
	mkfs.ext4 -q disk
	mkdir shared
	echo 'from the host' >shared/greeting
	linux --pci --disk disk --share "data=$PWD/shared" --cpus 2
	expect 'bridge: 0x8086' 'interrupts: msi' 'shared: from the host' 'guest console: by hvc0'
	e2fsck -fn disk || fail 'the file system is damaged'
	CMDLINE=pci=nomsi linux --pci --disk disk
	expect 'interrupts: line'
	e2fsck -fn disk || fail 'the file system is damaged'
}

guest() {
	modprobe virtio_pci
	modprobe virtio_blk
	echo "bridge: $(cat /sys/bus/pci/devices/0000:00:00.0/vendor)"
	case $(readlink -f /sys/block/vda) in
	*/pci0000:00/*) ;;
	*) fail "the disk is not on PCI: $(readlink -f /sys/block/vda)" ;;
	esac
	modprobe virtio-rng
	dd if=/dev/hwrng of=/tmp/random bs=64 count=1 2>/dev/null || fail 'no random bytes'
	mount -t ext4 /dev/vda /mnt || fail mount
	dd if=/dev/urandom of=/tmp/file bs=1M count=8 2>/dev/null
	cp /tmp/file /mnt/file
	sync
	echo 3 >/proc/sys/vm/drop_caches
	cmp /tmp/file /mnt/file || fail 'what was written is not there'
	umount /mnt
	modprobe virtio_console
	for i in 1 2 3 4 5; do test -c /dev/hvc0 || sleep 1; done
	echo 'by hvc0' >/dev/hvc0
	modprobe virtiofs
	mount -t virtiofs data /mnt 2>/dev/null && echo "shared: $(cat /mnt/greeting)"
	cat /proc/interrupts
	if grep -q 'MSI.*virtio' /proc/interrupts; then
		echo 'interrupts: msi'
	else
		echo 'interrupts: line'
	fi
}
