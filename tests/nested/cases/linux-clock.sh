# The guest knows the time, by KVM's clock and by the real-time clock, and its timers work.

host() {
	CMDLINE="now=$(date +%s)"
	linux
}

# $1: seconds since 1970, near the host's.
near() {
	local now
	now=$(sed 's/.* now=\([0-9]*\).*/\1/' /proc/cmdline)
	test "$1" -ge $((now - 2)) && test "$1" -le $((now + 120))
}

guest() {
	near "$(date +%s)" || fail "it is $(date +%s)"
	near "$(date -d "$(cat /sys/class/rtc/rtc0/date) $(cat /sys/class/rtc/rtc0/time)" +%s)" ||
		fail "the real-time clock says $(cat /sys/class/rtc/rtc0/date /sys/class/rtc/rtc0/time)"
	cat /sys/devices/system/clocksource/clocksource0/current_clocksource
	grep -q kvm-clock /sys/devices/system/clocksource/clocksource0/available_clocksource || fail 'no kvm-clock'
	sleep 0.2
}
