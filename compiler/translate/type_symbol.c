/* Names of type descriptors. Types are equal across modules when their recursion groups
 * are equal rolled up (core spec 3.0, section 3.1.2), and equal types must have one
 * address after linking, so the name says all about the type: by letters where a
 * function type consists of numbers, funcref and externref and stands alone, else by a
 * hash of its recursion group. */
#include "heap.h"

#include <blake2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "walnut.type."

static bool has_letter(wasm_valtype type)
{
	return !wasm_is_ref(type) || type == WASM_FUNCREF || type == WASM_EXTERNREF;
}

/* A type that 2.0 has as well. */
static bool is_plain(const struct wasm_comptype *type)
{
	if (type->kind != WASM_COMP_FUNC || !type->final || type->supertype != WASM_NO_TYPE ||
	    type->group_size != 1)
		return false;
	for (uint32_t i = 0; i < type->func.param_count; i++) {
		if (!has_letter(type->func.params[i]))
			return false;
	}
	for (uint32_t i = 0; i < type->func.result_count; i++) {
		if (!has_letter(type->func.results[i]))
			return false;
	}
	return true;
}

static void add_u32(blake2b_state *state, uint32_t value)
{
	blake2b_update(state, (const uint8_t *)&value, sizeof(value));
}

/* A type index in group `group`: by its place in its group, and by the group's hash if
 * that is another, whose hash is known as groups only look back. */
static void add_index(struct module_translator *mt, blake2b_state *state, uint32_t group,
		      uint32_t index)
{
	uint32_t start;

	if (index == WASM_NO_TYPE) {
		add_u32(state, 0);
		return;
	}
	start = mt->wasm->types[index].group_start;
	add_u32(state, start == group ? 1 : 2);
	add_u32(state, index - start);
	if (start != group)
		blake2b_update(state, mt->group_hashes[start], sizeof(mt->group_hashes[start]));
}

static void add_value_type(struct module_translator *mt, blake2b_state *state, uint32_t group,
			   wasm_valtype type)
{
	if (wasm_is_ref(type) && wasm_heap_is_index(wasm_heap_of(type))) {
		add_u32(state, type & ~WASM_HEAP_MASK);
		add_index(mt, state, group, wasm_heap_of(type));
	} else {
		add_u32(state, type);
	}
}

static void add_field(struct module_translator *mt, blake2b_state *state, uint32_t group,
		      const struct wasm_field *field)
{
	add_u32(state, field->mutable_);
	add_value_type(mt, state, group, field->type);
}

static void add_type(struct module_translator *mt, blake2b_state *state, uint32_t group,
		     const struct wasm_comptype *type)
{
	add_u32(state, type->kind);
	add_u32(state, type->final);
	add_index(mt, state, group, type->supertype);
	switch (type->kind) {
	case WASM_COMP_FUNC:
		add_u32(state, type->func.param_count);
		for (uint32_t i = 0; i < type->func.param_count; i++)
			add_value_type(mt, state, group, type->func.params[i]);
		add_u32(state, type->func.result_count);
		for (uint32_t i = 0; i < type->func.result_count; i++)
			add_value_type(mt, state, group, type->func.results[i]);
		break;
	case WASM_COMP_STRUCT:
		add_u32(state, type->structure.field_count);
		for (uint32_t i = 0; i < type->structure.field_count; i++)
			add_field(mt, state, group, &type->structure.fields[i]);
		break;
	case WASM_COMP_ARRAY:
		add_field(mt, state, group, &type->array);
		break;
	}
}

/* Hashes all groups, in their order; at the first type that needs it. */
static void hash_groups(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;

	mt->group_hashes = translator_alloc(mt, wasm->type_count, sizeof(*mt->group_hashes));
	for (uint32_t start = 0; start < wasm->type_count; start += wasm->types[start].group_size) {
		blake2b_state state;

		blake2b_init(&state, sizeof(mt->group_hashes[start]));
		for (uint32_t i = 0; i < wasm->types[start].group_size; i++)
			add_type(mt, &state, start, &wasm->types[start + i]);
		blake2b_final(&state, mt->group_hashes[start], sizeof(mt->group_hashes[start]));
	}
}

static char *hashed_symbol(struct module_translator *mt, uint32_t type_index)
{
	uint32_t start = mt->wasm->types[type_index].group_start;
	size_t size = sizeof(PREFIX) + 2 * sizeof(mt->group_hashes[0]) + 16;
	char *name, *at;

	if (!mt->group_hashes)
		hash_groups(mt);
	name = translator_alloc(mt, size, 1);
	/* Letters never begin with a digit. */
	at = name + sprintf(name, PREFIX "%u.", type_index - start);
	for (size_t i = 0; i < sizeof(mt->group_hashes[0]); i++)
		at += sprintf(at, "%02x", mt->group_hashes[start][i]);
	return name;
}

char *type_symbol(struct module_translator *mt, uint32_t type_index)
{
	const struct wasm_comptype *type = &mt->wasm->types[type_index];
	char *name, *at;

	if (!is_plain(type))
		return hashed_symbol(mt, type_index);
	name = translator_alloc(mt, sizeof(PREFIX) + type->func.param_count + 1 +
				type->func.result_count, 1);
	at = stpcpy(name, PREFIX);
	for (uint32_t i = 0; i < type->func.param_count; i++)
		*at++ = value_type_letter(mt, type->func.params[i]);
	*at++ = '_';
	for (uint32_t i = 0; i < type->func.result_count; i++)
		*at++ = value_type_letter(mt, type->func.results[i]);
	*at = '\0';
	return name;
}
