/* Kernels in compressed images: gzip, bzip2, Zstandard. */
#ifndef WALNUT_VMM_BOOT_DECOMPRESS_H
#define WALNUT_VMM_BOOT_DECOMPRESS_H

struct image_file;

enum compression {
	COMPRESSION_GZIP,
	COMPRESSION_BZIP2,
	COMPRESSION_ZSTD,
};

/* Finds the compressed kernel in the file, unpacks it into memory, and gives that as a file
 * of the same name: 0, or a negative errno and the failure's text. */
int decompress_payload(const struct image_file *file, enum compression compression, struct image_file *plain);

#endif
