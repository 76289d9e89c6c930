/* The Intel MP table, for kernels that are built without ACPI. */
#ifndef WALNUT_VMM_BOOT_MP_TABLE_H
#define WALNUT_VMM_BOOT_MP_TABLE_H

struct guest_mem;

/* Writes it to BOOT_MP_TABLE. vCPUs have APIC ids from 0 up, the I/O APIC the next one. */
void mp_table_write(const struct guest_mem *mem, unsigned vcpu_count);

#endif
