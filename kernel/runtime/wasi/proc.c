/* proc_* and sched_yield. */
#include "exit.h"
#include "wasi/guest.h"

#define SIGNAL_MAX 30 /* SIGSYS, the last that WASI knows */
#define SIGNAL_STATUS 128

_Noreturn void wasi_proc_exit(uint32_t status) __asm__("wasi_snapshot_preview1.proc_exit");
WASI_EXPORT(proc_raise, uint32_t signal);
WASI_EXPORT(sched_yield, void);

/* Exit statuses have 8 bits, as everywhere under Unix. */
void wasi_proc_exit(uint32_t status)
{
	runtime_exit(status & 0xff, 0);
}

/* WASI has no handlers: what a signal does by default is to end the program. Signal
 * 0 only asks whether signals can be sent. */
uint32_t wasi_proc_raise(uint32_t signal)
{
	if (signal > SIGNAL_MAX)
		return WASI_EINVAL;
	if (signal)
		runtime_exit(SIGNAL_STATUS + signal, 0);
	return WASI_SUCCESS;
}

/* There is nobody to yield to. */
uint32_t wasi_sched_yield(void)
{
	return WASI_SUCCESS;
}
