# Linux mounts directories of the host by virtio-fs: files are made, read, moved, listed and removed
# on both sides, a read-only one is not changed, and nothing outside is reached by symlinks.

files=400

host() {
	mkdir shared readonly outside
	echo secret >outside/secret
	echo from the host >shared/greeting
	ln -s ../outside shared/out
	ln -s /tmp shared/tmp
	mkfifo shared/fifo
	dd if=/dev/urandom of=shared/large bs=1M count=4 2>/dev/null
	echo kept >readonly/file
	linux --share "data=$PWD/shared" --share "fixed=$PWD/readonly:ro"
	expect "sum $(md5sum <shared/large)"
	test "$(cat shared/dir/moved)" = 'from the guest' || fail 'the guest wrote something else'
	test "$(readlink shared/link)" = dir/moved || fail 'no symlink was made'
	test "$(stat -c %h shared/hard)" = 2 || fail 'no hard link was made'
	test "$(stat -c '%a %s %Y' shared/changed)" = '640 4096 1000000000' || fail "changed: $(stat -c '%a %s %Y' shared/changed)"
	test "$(md5sum <shared/copy)" = "$(md5sum <shared/large)" || fail 'the copy differs'
	test "$(stat -c %u:%g shared/owned)" = 12:34 || fail 'a new file is not its owner'\''s'
	test "$(stat -c %a shared/setuid)" = 755 || fail 'set-user-id'
	test ! -e shared/greeting || fail 'not removed'
	test ! -e shared/many || fail 'tree not removed'
	test "$(cat readonly/file) $(ls readonly)" = 'kept file' || fail 'the read-only one has changed'
	test "$(ls outside)" = secret || fail 'something was made outside'
}

guest() {
	modprobe virtio_mmio
	modprobe virtiofs || fail 'no driver'
	mkdir -p /mnt/data /mnt/fixed
	mount -t virtiofs data /mnt/data || fail 'no mount'
	mount -t virtiofs fixed /mnt/fixed || fail 'no second mount'
	cd /mnt/data || fail 'no folder'

	test "$(cat greeting)" = 'from the host' || fail 'read'
	echo "sum $(md5sum <large)"
	mkdir dir
	echo 'from the guest' >dir/new
	mv dir/new dir/moved
	ln -s dir/moved link
	test "$(cat link)" = 'from the guest' || fail 'symlink'
	ln dir/moved hard
	cp large copy && cmp large copy || fail 'copy'
	dd if=/dev/zero of=changed bs=1M count=1 2>/dev/null
	truncate -s 4096 changed && chmod 640 changed && touch -d @1000000000 changed || fail 'attributes'
	echo 1 >>appended; echo 2 >>appended
	test "$(cat appended)" = '1
2' || fail 'append'
	touch owned && chown 12:34 owned || fail 'owner'
	touch setuid && chmod 4755 setuid
	test "$(df -P . | wc -l)" = 2 || fail 'df'

	rm greeting
	exec 5>deleted && rm deleted && echo still there >&5 || fail 'deleted file'
	exec 5>&-
	mkdir many && cd many
	for i in $(seq $files); do : >"$i"; done
	test "$(ls | wc -l)" = $files || fail "$(ls | wc -l) files"
	test "$(ls -l | grep -c rw-r--r--)" = $files || fail 'long list'
	sync; echo 2 >/proc/sys/vm/drop_caches
	test "$(find . -type f -size 0 | wc -l)" = $files || fail 'find'
	cd .. && rm -r many || fail 'rm'

	# Symlinks lead where they lead in the guest.
	test ! -e out/secret || fail 'outside'
	test "$(stat -c %d tmp/)" = "$(stat -c %d /tmp/)" || fail 'absolute symlink'
	test -p fifo || fail 'fifo'
	test "$(cat /mnt/fixed/file)" = kept || fail 'read-only read'
	! echo x >/mnt/fixed/file || fail 'read-only write'
	! mkdir /mnt/fixed/dir || fail 'read-only mkdir'
	! rm -f /mnt/fixed/file || fail 'read-only rm'
	cd / && umount /mnt/data && mount -t virtiofs data /mnt/data || fail 'second mount of the same'
	test "$(cat /mnt/data/dir/moved)" = 'from the guest' || fail 'after the second mount'
}
