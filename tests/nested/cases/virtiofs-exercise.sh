# What programs do to files (renames, links, holes, mappings, permissions, attributes, locks and so on) has for
# Linux on virtio-fs the meaning that it has on the host's ext4, which is sound afterwards.

host() {
	modprobe loop
	truncate -s 96M disk
	mkfs.ext4 -q -b 4096 disk
	mkdir mnt
	mount -t ext4 -o loop disk mnt || fail 'no mount'
	mkdir mnt/host mnt/guest
	exercise mnt/host || fail 'not even here'
	linux --share "data=$PWD/mnt/guest"
	expect "exercise: 22 groups done"
	test -z "$(ls -A mnt/guest)" || fail "left: $(ls -A mnt/guest)"
	umount mnt
	e2fsck -fn disk || fail 'the file system is damaged'
}

guest() {
	modprobe virtio_mmio
	modprobe virtiofs || fail 'no driver'
	mount -t virtiofs data /mnt || fail 'no mount'
	exercise /mnt || fail 'a difference'
}
