/* Import matching: core spec 3.0, section 4.5.3. An object's imports are bound by
 * the linker, which knows nothing of types; the driver compares them before it
 * instantiates a module. */
#include "driver.h"

/* Descriptors of equal types have one address. What the driver provides itself (it has no
 * thunk to be invoked by) has descriptors of its own, compared by their letters. */
static bool functype_matches(const struct walnut_functype *wanted,
			     const struct walnut_export *provider)
{
	const struct walnut_functype *given = provider->type.func;

	if (!provider->invoke)
		return strings_equal(wanted->params, given->params) &&
		       strings_equal(wanted->results, given->results);
	return given == wanted || (given->subtyping.depth > wanted->subtyping.depth &&
				   given->subtyping.ancestors[wanted->subtyping.depth] == wanted);
}

/* Sizes are those that the provider has now, after it may have grown. */
static bool limits_match(const struct walnut_externtype *wanted, uint64_t size, uint64_t max)
{
	if (size < wanted->min)
		return false;
	return wanted->max == WALNUT_NO_MAXIMUM || max <= wanted->max;
}

bool import_matches(const struct walnut_import *import, const struct walnut_export *provider)
{
	const struct walnut_externtype *wanted = &import->type, *given = &provider->type;
	const struct walnut_table *table = provider->address;
	const struct walnut_memory *memory = provider->address;

	if (wanted->kind != given->kind)
		return false;
	switch (wanted->kind) {
	case WALNUT_EXTERN_FUNC:
		return functype_matches(wanted->func, provider);
	case WALNUT_EXTERN_TABLE:
		return wanted->value_type == table->type && wanted->flags == given->flags &&
		       limits_match(wanted, table->size, table->max_size);
	case WALNUT_EXTERN_MEMORY:
		return !((wanted->flags ^ memory->flags) & (WALNUT_MEMORY_64 | WALNUT_MEMORY_SHARED)) &&
		       limits_match(wanted, memory->pages, memory->max_pages);
	case WALNUT_EXTERN_GLOBAL:
		return wanted->value_type == given->value_type &&
		       wanted->mutable_ == given->mutable_;
	case WALNUT_EXTERN_TAG:
		return wanted->func == given->func;
	}
	return false;
}
