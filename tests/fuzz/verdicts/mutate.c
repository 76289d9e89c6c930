/* Changes valid modules a little and says what the compiler's decoder and validator
 * make of the result:
 *
 *	fuzz-mutate SEED COUNT DIRECTORY MODULE…
 *
 * Mutant N of a seed is DIRECTORY/N.wasm, the same for the same arguments; standard
 * output gets a line "N VERDICT" for each. The changes keep the format mostly right, so
 * that they reach the validator: instructions are left out, repeated, moved, replaced
 * by others; bytes within sections change; sections go, come twice or change places. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "pieces.h"
#include "random.h"
#include "wasm/instr.h"

#define SEEDS_MAX 4096
#define MODULE_MAX (1u << 20)

static const uint32_t opcodes[] = {
#define WASM_OPCODE(value, ident, text, imm, sig) value,
#include "wasm/opcodes.def"
#undef WASM_OPCODE
};
#define OPCODE_COUNT (sizeof(opcodes) / sizeof(*opcodes))

/* --- One change ------------------------------------------------------------------------ */

static void change_bytes(struct random *random, struct bytes *bytes)
{
	size_t at;

	if (!bytes->size) {
		bytes_u8(bytes, (uint8_t)random_next(random));
		return;
	}
	at = random_below(random, (uint32_t)bytes->size);
	switch (random_below(random, 6)) {
	case 0:
		bytes->data[at] ^= (uint8_t)(1u << random_below(random, 8));
		break;
	case 1:
		bytes->data[at]++;
		break;
	case 2:
		bytes->data[at]--;
		break;
	case 3:
		bytes->data[at] = (uint8_t)random_next(random);
		break;
	case 4: /* one more */
		bytes_u8(bytes, 0);
		memmove(bytes->data + at + 1, bytes->data + at, bytes->size - at - 1);
		break;
	default: /* one less */
		memmove(bytes->data + at, bytes->data + at + 1, bytes->size - at - 1);
		bytes->size--;
		break;
	}
}

/* The same number in more bytes than it needs, if the byte is one of one byte. */
static void lengthen_number(struct random *random, struct bytes *bytes)
{
	size_t at = bytes->size ? random_below(random, (uint32_t)bytes->size) : 0;

	if (!bytes->size || bytes->data[at] & 0x80)
		return;
	bytes->data[at] |= 0x80;
	bytes_u8(bytes, 0);
	memmove(bytes->data + at + 2, bytes->data + at + 1, bytes->size - at - 2);
	bytes->data[at + 1] = 0;
}

/* Another opcode in front of the old immediates. */
static void replace_opcode(struct random *random, struct bytes *piece)
{
	struct bytes other = { 0 };
	size_t skip = piece->size && piece->data[0] >= 0xfb ? 2 : 1;

	if (piece->size < skip)
		return;
	bytes_opcode(&other, opcodes[random_below(random, OPCODE_COUNT)]);
	bytes_add(&other, piece->data + skip, piece->size - skip);
	bytes_free(piece);
	*piece = other;
}

static void change_body(struct random *random, struct section_piece *section)
{
	struct body_pieces *body, *other;
	size_t at, from;

	if (!section->body_count)
		return;
	body = &section->bodies[random_below(random, (uint32_t)section->body_count)];
	other = &section->bodies[random_below(random, (uint32_t)section->body_count)];
	if (!body->count || !other->count)
		return;
	at = random_below(random, (uint32_t)body->count);
	from = random_below(random, (uint32_t)other->count);
	switch (random_below(random, 6)) {
	case 0:
		pieces_remove(body, at);
		break;
	case 1:
		pieces_insert(body, at, &other->pieces[from]);
		break;
	case 2:
		replace_opcode(random, &body->pieces[at]);
		break;
	case 3:
		pieces_insert(body, at, &body->pieces[random_below(random, (uint32_t)body->count)]);
		pieces_remove(body, random_below(random, (uint32_t)body->count));
		break;
	case 4:
		lengthen_number(random, &body->pieces[at]);
		break;
	default:
		change_bytes(random, &body->pieces[at]);
		break;
	}
}

static void swap_sections(struct random *random, struct module_pieces *module)
{
	struct section_piece *a = &module->sections[random_below(random, (uint32_t)module->count)];
	struct section_piece *b = &module->sections[random_below(random, (uint32_t)module->count)];
	struct section_piece kept = *a;

	*a = *b;
	*b = kept;
}

static void change(struct random *random, struct module_pieces *module)
{
	struct section_piece *section;

	if (!module->count)
		return;
	if (random_once_in(random, 40)) {
		swap_sections(random, module);
		return;
	}
	section = &module->sections[random_below(random, (uint32_t)module->count)];
	for (size_t i = 0; i < module->count && !random_once_in(random, 3); i++)
		if (module->sections[i].id == CODE_SECTION)
			section = &module->sections[i];
	if (section->id == CODE_SECTION)
		change_body(random, section);
	else if (random_once_in(random, 8))
		lengthen_number(random, &section->contents);
	else
		change_bytes(random, &section->contents);
}

/* --- Mutants ----------------------------------------------------------------------------- */

struct seed {
	uint8_t *data;
	size_t size;
};

static bool read_seed(const char *path, struct seed *seed)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return false;
	seed->data = malloc(MODULE_MAX);
	seed->size = seed->data ? fread(seed->data, 1, MODULE_MAX, file) : 0;
	fclose(file);
	return seed->size > 0;
}

static void write_file(const char *folder, unsigned long number, const struct bytes *bytes)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%lu.wasm", folder, number);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes->data, 1, bytes->size, file) != bytes->size || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static void say_verdict(unsigned long number, const struct bytes *bytes)
{
	static const char *const kinds[] = { [WALNUT_ERROR_MALFORMED] = "malformed",
					     [WALNUT_ERROR_INVALID] = "invalid",
					     [WALNUT_ERROR_UNSUPPORTED] = "unsupported",
					     [WALNUT_ERROR_IMPORT] = "import",
					     [WALNUT_ERROR_LIMIT] = "limit",
					     [WALNUT_ERROR_SYSTEM] = "system" };
	struct walnut_error error = { 0 };
	struct wasm_module *module = walnut_decode(bytes->data, bytes->size, &error);
	char text[512];

	if (module && !walnut_validate(module, &error)) {
		printf("%lu ok\n", number);
	} else {
		walnut_error_format(&error, text, sizeof(text));
		printf("%lu %s: %s\n", number, kinds[error.kind], text);
	}
	walnut_module_free(module);
	fflush(stdout);
}

static void mutate(uint64_t seed_number, unsigned long number, const struct seed *seeds,
		   uint32_t seed_count, const char *folder)
{
	struct random random = random_branch(seed_number, number);
	const struct seed *seed = &seeds[random_below(&random, seed_count)];
	struct module_pieces module;
	struct bytes bytes = { 0 };

	if (pieces_take(&module, seed->data, seed->size)) {
		for (unsigned changes = random_between(&random, 1, 3); changes; changes--)
			change(&random, &module);
		pieces_put(&module, &bytes);
	} else {
		bytes_add(&bytes, seed->data, seed->size);
	}
	if (random_once_in(&random, 30)) /* the sizes do not fit any more */
		change_bytes(&random, &bytes);
	write_file(folder, number, &bytes);
	say_verdict(number, &bytes);
	pieces_free(&module);
	bytes_free(&bytes);
}

int main(int argc, char **argv)
{
	static struct seed seeds[SEEDS_MAX];
	uint32_t seed_count = 0;

	if (argc < 5) {
		fprintf(stderr, "usage: fuzz-mutate SEED COUNT DIRECTORY MODULE…\n");
		return 2;
	}
	for (int i = 4; i < argc && seed_count < SEEDS_MAX; i++)
		seed_count += read_seed(argv[i], &seeds[seed_count]);
	if (!seed_count)
		return 1;
	for (unsigned long number = 0; number < strtoul(argv[2], NULL, 0); number++)
		mutate(strtoull(argv[1], NULL, 0), number, seeds, seed_count, argv[3]);
	for (uint32_t i = 0; i < seed_count; i++)
		free(seeds[i].data);
	return 0;
}
