/*
 * boot - which boot of the machine this is
 */
#ifndef BOOT_H
#define BOOT_H

/*
 * Writes 16 bytes (INFO_BOOT_SIZE) that differ from boot to boot, from
 * /proc/sys/kernel/random/boot_id (random(4)); zeros where that cannot be read.
 */
void boot_id(unsigned char *id);

#endif
