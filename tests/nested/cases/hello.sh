# A Walnut image runs on KVM with nested paging, its kernel's ring 0 not emulated.

host() {
	echo | walnut run --accel kvm /guest/hello.elf >out 2>&1
	status=$?
	expect_status 0
	expect 'Hello from WebAssembly!'
}
