# Linux as an ELF file comes up by the PVH protocol, with its initial RAM file system, and
# powers off.

host() {
	linux
}

guest() {
	uname -a
}
