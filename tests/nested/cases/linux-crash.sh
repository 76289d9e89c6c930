# A triple fault ends the run as a failure that quotes the guest's last words.

host() {
	CMDLINE='reboot=t'
	try_linux
	expect_status 125
	expect 'boot-vm: the guest kernel crashed: ' 'reboot: Restarting system'
}

guest() {
	reboot -f
	sleep 60
}
