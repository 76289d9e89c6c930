/* Tests of the nucleus from where its callers are: this is a runtime_main() of its
 * own, linked with the kernel archive into an image that run_guest boots. It prints
 * TAP on the serial port. What ring 3 is not allowed to do, it tries here. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/nucleus.h"

#define PAGE 0x1000ull
#define SLOT 0x200000ull
#define RAM 0x2000000ull /* physical; nothing lies there */
#define NUCLEUS_CODE SLOT
#define NUCLEUS_DATA (2 * SLOT)
#define IMAGE_CODE (3 * SLOT)
#define IMAGE_CONSTANTS (4 * SLOT)
#define LAPIC 0xfee00000ull
#define IOAPIC 0xfec00000ull
#define NO_FAULT (-1)
#define VECTOR_DE 0
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_GP 13
#define VECTOR_PF 14

static const struct nucleus_info *info;
static char fault_stack[16384] __attribute__((aligned(4096)));
static void *resume[5];
static struct nucleus_fault last_fault;
static uint64_t where; /* argument of the case under trial */

static void print(const char *text)
{
	uint64_t size = 0;

	while (text[size])
		size++;
	nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)text, size, 0, 0);
}

static void print_number(uint64_t value)
{
	char buffer[24];
	char *at = buffer + sizeof(buffer) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	print(at);
}

static uint64_t tsc(void)
{
	return __builtin_ia32_rdtsc();
}

static _Noreturn void on_fault(const struct nucleus_fault *fault)
{
	last_fault = *fault;
	__builtin_longjmp(resume, 1);
}

/* The vector of the fault that the function raises, or NO_FAULT. */
static __attribute__((noinline)) int64_t fault_of(void (*function)(void))
{
	if (__builtin_setjmp(resume))
		return (int64_t)last_fault.vector;
	function();
	return NO_FAULT;
}

static void do_read(void)
{
	(void)*(volatile char *)where;
}

static void do_write(void)
{
	*(volatile char *)where = 1;
}

static void do_call(void)
{
	((void (*)(void))where)();
}

static bool faults_at(void (*function)(void), uint64_t address)
{
	where = address;
	return fault_of(function) == VECTOR_PF && last_fault.address == address;
}

static bool map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	return nucleus_call(NUCLEUS_MAP, va, pa, size, flags) >= 0;
}

static bool unmap(uint64_t va, uint64_t size)
{
	return nucleus_call(NUCLEUS_UNMAP, va, size, 0, 0) >= 0;
}

static bool map_device(uint64_t va, uint64_t pa, uint64_t size)
{
	return nucleus_call(NUCLEUS_MMIO_MAP, va, pa, size, 0) >= 0;
}

/* --- memory ----------------------------------------------------------------- */

static bool nucleus_is_out_of_reach(void)
{
	return faults_at(do_read, VA_KERNEL + NUCLEUS_CODE) &&
	       faults_at(do_write, VA_KERNEL + NUCLEUS_CODE) &&
	       faults_at(do_call, VA_KERNEL + NUCLEUS_CODE) &&
	       faults_at(do_read, VA_KERNEL + NUCLEUS_DATA) &&
	       faults_at(do_write, VA_KERNEL + NUCLEUS_DATA + PAGE) &&
	       faults_at(do_read, VA_KERNEL + 502 * SLOT) &&
	       faults_at(do_read, VA_KERNEL + 503 * SLOT);
}

static bool identity_map_is_gone(void)
{
	return faults_at(do_read, 0) && faults_at(do_read, 0x7000) &&
	       faults_at(do_read, NUCLEUS_CODE) && faults_at(do_call, IMAGE_CODE);
}

static bool code_and_constants_are_read_only(void)
{
	return faults_at(do_write, VA_KERNEL + IMAGE_CODE) &&
	       faults_at(do_write, VA_KERNEL + IMAGE_CONSTANTS);
}

static bool only_code_is_executable(void)
{
	return faults_at(do_call, VA_KERNEL + IMAGE_CONSTANTS) &&
	       faults_at(do_call, (uint64_t)fault_stack) && faults_at(do_call, VA_KERNEL + RAM);
}

static bool direct_map_shows_ram(void)
{
	volatile uint64_t *word = (volatile uint64_t *)(VA_KERNEL + RAM + 8);
	bool seen;

	*word = 0x1122334455667788;
	seen = map(VA_HEAP, RAM, PAGE, 0) &&
	       *(volatile uint64_t *)(VA_HEAP + 8) == 0x1122334455667788;
	return seen && faults_at(do_write, VA_HEAP + 8) && unmap(VA_HEAP, PAGE) &&
	       faults_at(do_read, VA_HEAP + 8);
}

static bool devices_are_in_the_direct_map(void)
{
	static const struct nucleus_range outside[] = {
		{ NUCLEUS_DIRECT_END, 1 },
		{ NUCLEUS_DIRECT_END - 1, 2 },
		{ 0, NUCLEUS_DIRECT_END + 1 },
		{ NUCLEUS_DEVICES_1 - 1, 1 },
		{ NUCLEUS_DEVICES_1, NUCLEUS_DEVICES_SIZE + 1 },
		{ NUCLEUS_DEVICES_1 + NUCLEUS_DEVICES_SIZE, 1 },
		{ NUCLEUS_DEVICES_2 - 1, 2 },
		{ IOAPIC, PAGE },
		{ LAPIC, PAGE },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, UINT64_MAX },
		{ 0, UINT64_MAX },
	};
	/* QEMU's microvm has its first virtio-mmio register block here. */
	volatile const uint32_t *magic = nucleus_direct(0xfeb00000, PAGE);

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		if (nucleus_direct(outside[i].start, outside[i].size))
			return false;
	return *magic == 0x74726976 && nucleus_direct(NUCLEUS_DEVICES_1, NUCLEUS_DEVICES_SIZE);
}

static bool address_zero_can_be_mapped(void)
{
	if (!map(0, RAM, PAGE, NUCLEUS_MAP_WRITE))
		return false;
	where = 0;
	return fault_of(do_write) == NO_FAULT && faults_at(do_read, PAGE) && unmap(0, PAGE) &&
	       faults_at(do_read, 0);
}

static bool big_page_is_split_in_place(void)
{
	volatile char *big = (volatile char *)VA_HEAP;

	if (!map(VA_HEAP, RAM, 2 * SLOT, NUCLEUS_MAP_WRITE))
		return false;
	big[0] = 1;
	big[2 * PAGE] = 2;
	big[SLOT] = 3;
	if (!unmap(VA_HEAP + PAGE, PAGE) || big[0] != 1 || big[2 * PAGE] != 2 || big[SLOT] != 3)
		return false;
	if (!faults_at(do_read, VA_HEAP + PAGE) || !map(VA_HEAP + PAGE, RAM + SLOT, PAGE, 0) ||
	    big[PAGE] != 3)
		return false;
	return unmap(VA_HEAP, 2 * SLOT) && faults_at(do_read, VA_HEAP) &&
	       faults_at(do_read, VA_HEAP + SLOT);
}

static bool remapping_takes_effect_at_once(void)
{
	volatile char *page = (volatile char *)VA_HEAP;

	((volatile char *)(VA_KERNEL + RAM))[0] = 1;
	((volatile char *)(VA_KERNEL + RAM + PAGE))[0] = 2;
	return map(VA_HEAP, RAM, PAGE, 0) && page[0] == 1 && map(VA_HEAP, RAM + PAGE, PAGE, 0) &&
	       page[0] == 2 && unmap(VA_HEAP, PAGE);
}

static bool mapping_across_tables_is_whole(void)
{
	uint64_t va = VA_HEAP + 0x40000000 - 17 * PAGE, size = 34 * PAGE;

	if (!map(va, RAM + 3 * PAGE, size, 0))
		return false;
	for (uint64_t at = 0; at < size; at += PAGE) {
		*(volatile uint64_t *)(VA_KERNEL + RAM + 3 * PAGE + at) = at;
		if (*(volatile uint64_t *)(va + at) != at)
			return false;
	}
	return faults_at(do_read, va - 1) && faults_at(do_read, va + size) && unmap(va, size) &&
	       faults_at(do_read, va) && faults_at(do_read, va + size - PAGE);
}

static bool tables_come_back(void)
{
	/* More rounds than there are tables, each with one that a big page replaces. */
	for (uint64_t i = 0; i < 1024; i++) {
		uint64_t va = VA_HEAP + i % 8 * SLOT;

		if (!map(va, RAM, PAGE, 0) || !map(va, RAM, SLOT, NUCLEUS_MAP_WRITE) ||
		    !map(va, RAM, PAGE, 0) || !unmap(va, SLOT))
			return false;
		if (!map(va + PAGE, RAM, PAGE, 0) || !faults_at(do_read, va) ||
		    !faults_at(do_read, va + 2 * PAGE) || !faults_at(do_read, va + SLOT - 1) ||
		    !unmap(va, SLOT))
			return false;
	}
	return true;
}

static bool protected_addresses_are_refused(void)
{
	static const struct nucleus_range ranges[] = {
		{ NUCLEUS_CODE, PAGE },
		{ NUCLEUS_DATA, PAGE },
		{ NUCLEUS_DATA + PAGE, PAGE },
		{ IMAGE_CODE, PAGE },
		{ IMAGE_CONSTANTS, PAGE },
		{ NUCLEUS_CODE - PAGE, 2 * PAGE },
		{ 0, 64 * SLOT },
		{ LAPIC, PAGE },
		{ IOAPIC, PAGE },
		{ IOAPIC - PAGE, 2 * PAGE },
		{ 0xff000000 - PAGE, 2 * PAGE },
		{ 0xf0000000, 0x10000000 },
		{ 0, 1ull << 40 },
		{ 0xfffffffffffff000, 2 * PAGE },
		{ 1ull << 46, PAGE },
		{ (1ull << 46) - PAGE, 2 * PAGE },
		{ 1ull << 63 | RAM, PAGE },
		{ RAM + 1, PAGE },
		{ RAM, 0 },
		{ RAM, PAGE + 1 },
		{ RAM, 1ull << 63 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (map(VA_HEAP, ranges[i].start, ranges[i].size, 0) ||
		    map(VA_HEAP, ranges[i].start, ranges[i].size, NUCLEUS_MAP_WRITE) ||
		    map_device(VA_HEAP, ranges[i].start, ranges[i].size))
			return false;
	return true;
}

static bool addresses_outside_ring_3_are_refused(void)
{
	static const struct nucleus_range ranges[] = {
		{ VA_KERNEL, PAGE },
		{ VA_KERNEL - PAGE, 2 * PAGE },
		{ VA_KERNEL + NUCLEUS_DATA, PAGE },
		{ 0x800000000000, PAGE },
		{ 0xffff800000000000, PAGE },
		{ 0xfffffffffffff000, PAGE },
		{ 0xfffffffffffff000, 2 * PAGE },
		{ VA_HEAP + 1, PAGE },
		{ 0, VA_KERNEL + PAGE },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (map(ranges[i].start, RAM, ranges[i].size, 0) ||
		    map_device(ranges[i].start, RAM, ranges[i].size) ||
		    unmap(ranges[i].start, ranges[i].size))
			return false;
	return true;
}

static bool executable_mappings_are_refused(void)
{
	return !map(VA_HEAP, RAM, PAGE, 2) && !map(VA_HEAP, RAM, PAGE, 3) &&
	       !map(VA_HEAP, RAM, PAGE, 1ull << 62) && !map(VA_HEAP, RAM, PAGE, 1ull << 63 | 1);
}

static bool exhausted_pool_refuses(void)
{
	uint64_t tables = 0;
	bool kept;

	if (!map(VA_MEMORIES, RAM, SLOT, NUCLEUS_MAP_WRITE))
		return false;
	while (map(VA_LINEAR_END + tables * SLOT, RAM, PAGE, 0))
		tables++;
	/* A big page that cannot be split stays. */
	kept = !unmap(VA_MEMORIES, PAGE) &&
	       *(volatile char *)VA_MEMORIES == *(volatile char *)(VA_KERNEL + RAM);
	return tables > 400 && tables < 512 && kept && unmap(VA_MEMORIES, SLOT);
}

/* --- other calls ------------------------------------------------------------ */

static bool serial_write_reads_ring_3_only(void)
{
	static const struct nucleus_range ranges[] = {
		{ VA_KERNEL + NUCLEUS_CODE, 4 },
		{ VA_KERNEL + NUCLEUS_DATA, 4 },
		{ VA_KERNEL - 1, 2 },
		{ VA_KERNEL + IMAGE_CODE - 1, 2 },
		{ 0xffff800000000000, 4 },
		{ UINT64_MAX, 4 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (nucleus_call(NUCLEUS_SERIAL_WRITE, ranges[i].start, ranges[i].size, 0, 0) >= 0)
			return false;
	return true;
}

static bool set_handler(uint64_t entry, uint64_t top, uint64_t size)
{
	return nucleus_call(NUCLEUS_SET_FAULT_HANDLER, entry, top, size, 0) >= 0;
}

static bool bad_fault_handlers_are_refused(void)
{
	uint64_t entry = (uint64_t)on_fault, top = (uint64_t)fault_stack + sizeof(fault_stack);

	return !set_handler(entry, VA_KERNEL + NUCLEUS_DATA + 1536, 512) &&
	       !set_handler(entry, top - 8, 4096) && !set_handler(entry, top, 8) &&
	       !set_handler(entry, 4096, 8192) && !set_handler(entry, 0xffff800000001000, 4096) &&
	       !set_handler(entry, VA_KERNEL + IMAGE_CODE, 4096) &&
	       !set_handler(VA_KERNEL + NUCLEUS_CODE, top, 4096) &&
	       !set_handler(UINT64_MAX, top, 4096);
}

static void do_unknown_call(void)
{
	nucleus_call(where, 0, 0, 0, 0);
}

static bool unknown_calls_are_faults(void)
{
	static const uint64_t numbers[] = {
		0, 13, 77, UINT64_MAX, 1ull << 32 | NUCLEUS_POWER_OFF, 1ull << 63
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		where = numbers[i];
		if (fault_of(do_unknown_call) != VECTOR_BP)
			return false;
	}
	return true;
}

static void do_divide(void)
{
	__asm__ volatile("divl %%ecx" : : "a"(1), "c"(0), "d"(0));
}

static void do_trap(void)
{
	__asm__ volatile("ud1 9(%eax), %eax");
}

static void do_halt(void)
{
	__asm__ volatile("hlt");
}

static void do_port(void)
{
	__asm__ volatile("outb %%al, $0x64" : : "a"(0xfe));
}

static void do_read_cr3(void)
{
	__asm__ volatile("mov %%cr3, %%rax" : : : "rax");
}

static void do_write_msr(void)
{
	__asm__ volatile("wrmsr" : : "c"(0xc0000080), "a"(0), "d"(0));
}

static void do_enable_interrupts(void)
{
	__asm__ volatile("sti");
}

static void do_interrupt_gate(void)
{
	__asm__ volatile("int $0x40");
}

static bool privileged_instructions_are_faults(void)
{
	return fault_of(do_halt) == VECTOR_GP && fault_of(do_port) == VECTOR_GP &&
	       fault_of(do_read_cr3) == VECTOR_GP && fault_of(do_write_msr) == VECTOR_GP &&
	       fault_of(do_enable_interrupts) == VECTOR_GP && fault_of(do_interrupt_gate) > 0;
}

static bool traps_are_reflected(void)
{
	return fault_of(do_divide) == VECTOR_DE && fault_of(do_trap) == VECTOR_UD &&
	       *(const uint8_t *)last_fault.rip == 0x67; /* ud1's address-size prefix */
}

static void do_fault_with_known_registers(void)
{
	__asm__ volatile(
		"mov $1, %%rax; mov $2, %%rbx; mov $3, %%rcx; mov $4, %%rdx; mov $5, %%rsi; mov $6, %%rdi\n"
		"mov $8, %%r8; mov $9, %%r9; mov $10, %%r10; mov $11, %%r11\n"
		"mov $12, %%r12; mov $13, %%r13; mov $14, %%r14; mov $15, %%r15; std; ud2"
		:
		:
		: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
		  "r14", "r15");
}

static bool handler_receives_the_registers(void)
{
	const struct nucleus_fault *f = &last_fault;

	if (fault_of(do_fault_with_known_registers) != VECTOR_UD)
		return false;
	return f->rax == 1 && f->rbx == 2 && f->rcx == 3 && f->rdx == 4 && f->rsi == 5 &&
	       f->rdi == 6 && f->r8 == 8 && f->r9 == 9 && f->r10 == 10 && f->r11 == 11 &&
	       f->r12 == 12 && f->r13 == 13 && f->r14 == 14 && f->r15 == 15 && (f->rflags & 0x400);
}

/* --- time -------------------------------------------------------------------- */

static bool clock_is_known(void)
{
	nucleus_call(NUCLEUS_CLOCK_START, 0, 0, 0, 0);
	return info->tsc_hz > 100000000 && info->tsc_hz < 10000000000;
}

static bool idle_ends_at_the_deadline(void)
{
	for (uint64_t ms = 0; ms < 30; ms += 7) {
		uint64_t begin = tsc(), length = info->tsc_hz / 1000 * ms;

		/* A one-shot timer may round down; callers look at the clock. */
		while (tsc() - begin < length)
			nucleus_call(NUCLEUS_IDLE, begin + length, 0, 0, 0);
		if (tsc() - begin > length + info->tsc_hz)
			return false;
	}
	return info->irqs > 0;
}

static bool irq_lines_are_checked(void)
{
	return nucleus_call(NUCLEUS_IRQ_ENABLE, 24, 0, 0, 0) < 0 &&
	       nucleus_call(NUCLEUS_IRQ_ENABLE, UINT64_MAX, 0, 0, 0) < 0 &&
	       nucleus_call(NUCLEUS_IRQ_ENABLE, 12, 0, 0, 0) >= 0;
}

/* --- boot information --------------------------------------------------------- */

static bool ram_is_page_aligned_and_free_of_the_image(void)
{
	uint64_t image_end = info->image_start + info->image_size;

	for (uint32_t i = 0; i < info->ram_count; i++) {
		uint64_t start = info->ram[i].start, end = start + info->ram[i].size;

		if ((start | end) % PAGE || start >= end ||
		    (start < image_end && end > info->image_start))
			return false;
	}
	return info->ram_count > 0 && info->image_start == SLOT;
}

static bool command_line_is_there(void)
{
	const char *text = (const char *)(VA_KERNEL + info->command_line), *want = "first=word";

	while (*want && *text == *want)
		text++, want++;
	return info->command_line && !*want;
}

static void do_use_avx(void)
{
	__asm__ volatile("vpxor %%ymm0, %%ymm0, %%ymm0" : : : "xmm0");
}

static bool avx_works_where_cpuid_has_it(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx;

	__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return !(ecx & 1u << 28) || fault_of(do_use_avx) == NO_FAULT;
}

#define CASE(function) { #function, function }
static const struct {
	const char *name;
	bool (*function)(void);
} cases[] = {
	CASE(command_line_is_there),
	CASE(ram_is_page_aligned_and_free_of_the_image),
	CASE(avx_works_where_cpuid_has_it),
	CASE(traps_are_reflected),
	CASE(handler_receives_the_registers),
	CASE(privileged_instructions_are_faults),
	CASE(unknown_calls_are_faults),
	CASE(bad_fault_handlers_are_refused),
	CASE(serial_write_reads_ring_3_only),
	CASE(nucleus_is_out_of_reach),
	CASE(identity_map_is_gone),
	CASE(code_and_constants_are_read_only),
	CASE(only_code_is_executable),
	CASE(direct_map_shows_ram),
	CASE(devices_are_in_the_direct_map),
	CASE(address_zero_can_be_mapped),
	CASE(big_page_is_split_in_place),
	CASE(remapping_takes_effect_at_once),
	CASE(mapping_across_tables_is_whole),
	CASE(tables_come_back),
	CASE(protected_addresses_are_refused),
	CASE(addresses_outside_ring_3_are_refused),
	CASE(executable_mappings_are_refused),
	CASE(clock_is_known),
	CASE(idle_ends_at_the_deadline),
	CASE(irq_lines_are_checked),
	CASE(exhausted_pool_refuses),
};
#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

void runtime_main(const struct nucleus_info *boot_info)
{
	info = boot_info;
	set_handler((uint64_t)on_fault, (uint64_t)fault_stack + sizeof(fault_stack),
		    sizeof(fault_stack));
	print("1..");
	print_number(CASE_COUNT + 1);
	print("\n");
	for (size_t i = 0; i < CASE_COUNT; i++) {
		print(cases[i].function() ? "ok " : "not ok ");
		print_number(i + 1);
		print(" - ");
		print(cases[i].name);
		print("\n");
	}
	/* A fault on the fault stack must end the machine; run_guest knows. */
	__asm__ volatile("mov %0, %%rsp; ud2" : : "r"(fault_stack + sizeof(fault_stack) / 2));
	__builtin_unreachable();
}
