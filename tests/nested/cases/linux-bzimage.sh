# Linux as a bzImage comes up by its 64-bit entry point.

host() {
	linux --format 0 --kernel /guest/vmlinuz
}

guest() {
	uname -a
}
