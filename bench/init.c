/* The first process of a Linux guest, and the only one: says that it is there, and switches the
 * machine off. */
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

int main(void)
{
	(void)!write(1, "!\n", 2);
	tcdrain(1);
	reboot(RB_POWER_OFF);
	pause();
}
