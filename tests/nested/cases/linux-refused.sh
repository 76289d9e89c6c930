# What cannot be booted is refused with one line that says why.

# $1: the line; the rest: options.
refuses() {
	text=$1
	shift
	try_boot "$@"
	expect_status 125
	expect "boot-vm: $text"
	test "$(grep -cv '^boot-vm: outcome 3, status 125$' out)" = 1 || fail 'more than one line'
	rm out
}

host() {
	refuses '/none: No such file or directory' --kernel /none
	refuses '/init: not a kernel (neither ELF nor bzImage)' --format 65536 --kernel /init
	refuses '/init: not an ELF file' --kernel /init
	refuses '/guest/vmlinux: not a bzImage, the only raw kernel there is' --format 0 --kernel /guest/vmlinux
	refuses '/guest/vmlinux: does not fit into guest memory' --mem 32 --kernel /guest/vmlinux
	refuses '/guest/vmlinuz: does not fit into guest memory' --mem 32 --format 0 --kernel /guest/vmlinuz
	refuses '/guest/initrd: does not fit into guest memory beside the kernel' --mem 65 --kernel /guest/vmlinux \
		--initrd /guest/initrd
	refuses '/none: No such file or directory' --kernel /guest/vmlinux --initrd /none
	refuses '/guest/hello.elf: a Walnut image takes no initial RAM file system' --kernel /guest/hello.elf \
		--initrd /guest/initrd
	refuses 'kernel command line: too long (the kernel takes 2047 bytes)' --format 0 --kernel /guest/vmlinuz \
		--cmdline "$(head -c 2100 /dev/zero | tr '\0' x)"
	head -c 100000 /guest/vmlinuz >short
	refuses 'short: truncated' --format 65536 --kernel short
	mkfifo pipe
	refuses 'pipe: not a regular file' --kernel pipe
}
