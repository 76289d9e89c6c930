# Linux has its root on virtio-fs: a directory of the host (krun_set_root) from which it runs its first
# process, its programs and all else. The status that it tells by the root directory is the machine's.

host() {
	mkdir -p root/bin root/proc root/dev root/etc root/tmp
	cp /bin/busybox root/bin/
	for name in sh cat mount reboot mkdir ln ls find wc dd cmp rm; do ln -s busybox "root/bin/$name"; done
	cat >root/init <<'END'
#!/bin/sh
mount -t proc proc /proc
cat /proc/mounts
echo 'set by the guest' >/etc/motd
dd if=/bin/busybox of=/tmp/copy bs=64k 2>/dev/null
cmp /bin/busybox /tmp/copy && echo 'the copy is the same'
find / -xdev | wc -l
peer exit-status 7
echo "guest: virtiofs-root: done"
reboot -f
END
	chmod 755 root/init
	try_linux --root "$PWD/root"
	expect_status 7
	expect 'guest: virtiofs-root: done' 'boot-vm: outcome 4, status 7'
	expect '/dev/root / virtiofs rw' 'the copy is the same'
	test "$(cat root/etc/motd)" = 'set by the guest' || fail 'the guest wrote something else'
	cmp root/tmp/copy /bin/busybox || fail 'the copy differs on the host'
}

guest() {
	modprobe virtio_mmio
	modprobe virtiofs || fail 'no driver'
	mount -t virtiofs /dev/root /mnt || fail 'no mount'
	cp "$(command -v peer)" /mnt/bin/ || fail 'no peer'
	umount /proc /sys /dev /tmp
	exec switch_root /mnt /init
}
