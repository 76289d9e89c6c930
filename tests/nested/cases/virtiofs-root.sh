# Linux has its root on virtio-fs: a directory of the host (krun_set_root) from which it runs its first
# process, its programs and all else.

host() {
	mkdir -p root/bin root/proc root/dev root/etc root/tmp
	cp /bin/busybox root/bin/
	for name in sh cat mount poweroff mkdir ln ls find wc dd cmp rm; do ln -s busybox "root/bin/$name"; done
	cat >root/init <<'END'
#!/bin/sh
mount -t proc proc /proc
cat /proc/mounts
echo 'set by the guest' >/etc/motd
dd if=/bin/busybox of=/tmp/copy bs=64k 2>/dev/null
cmp /bin/busybox /tmp/copy && echo 'the copy is the same'
find / -xdev | wc -l
echo "guest: virtiofs-root: done"
poweroff -f
END
	chmod 755 root/init
	linux --root "$PWD/root"
	expect '/dev/root / virtiofs rw' 'the copy is the same'
	test "$(cat root/etc/motd)" = 'set by the guest' || fail 'the guest wrote something else'
	cmp root/tmp/copy /bin/busybox || fail 'the copy differs on the host'
}

guest() {
	modprobe virtio_mmio
	modprobe virtiofs || fail 'no driver'
	mount -t virtiofs /dev/root /mnt || fail 'no mount'
	umount /proc /sys /dev /tmp
	exec switch_root /mnt /init
}
