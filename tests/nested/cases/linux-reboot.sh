# A guest that restarts ends the run with status 0 and says so; one that panics does as well,
# because that is what it was told to do.

host() {
	try_linux
	expect_status 0
	expect 'guest: restarting' 'boot-vm: outcome 4, status 0'
	CMDLINE='rdinit=/nothing root=/dev/none'
	try_linux
	expect 'Kernel panic' 'boot-vm: outcome 4, status 0'
}

guest() {
	echo 'guest: restarting'
	sync
	reboot -f
	sleep 60
}
