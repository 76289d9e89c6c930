/* See plan.h. */
#include "plan.h"

#include <string.h>

const char *const kind_names[KIND_COUNT] = {
	[KIND_MIXED] = "mixed",
	[KIND_LOOPS] = "loops",
	[KIND_WILD] = "wild",
	[KIND_NUMBERS] = "numbers",
};

unsigned plan_risk(const struct plan *plan)
{
	return plan->kind == KIND_WILD ? 8 : plan->kind == KIND_MIXED ? 150 : 1000;
}

static char value_type(const struct plan *plan, struct random *random)
{
	static const char numbers[] = "iiiIIIffFF";

	if ((plan->features & FEATURE_VECTORS) && random_once_in(random, 4))
		return 'V';
	if ((plan->features & FEATURE_AGGREGATES) && random_once_in(random, 3))
		return "sstabyy"[random_below(random, 7)];
	if (random_once_in(random, 14))
		return random_once_in(random, 3) ? 'e' : 'r';
	return numbers[random_below(random, sizeof(numbers) - 1)];
}

static void type_string(const struct plan *plan, struct random *random, char *string, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		string[i] = value_type(plan, random);
	string[count] = '\0';
}

unsigned plan_find_type(const struct plan *plan, const char *params, const char *results)
{
	for (unsigned i = 0; i < plan->type_count; i++)
		if (!strcmp(plan->types[i].params, params) && !strcmp(plan->types[i].results, results))
			return i;
	return PLAN_NO_TYPE;
}

static void make_types(struct plan *plan, struct random *random)
{
	plan->type_count = random_between(random, 5, RANDOM_TYPES_MAX);
	/* The first is that of the exported functions. */
	strcpy(plan->types[0].results, "I");
	for (unsigned i = 1; i < plan->type_count; i++) {
		static const uint8_t result_counts[] = { 0, 1, 1, 1, 1, 1, 2, 3, 5 };
		unsigned results = result_counts[random_below(random, sizeof(result_counts))];

		type_string(plan, random, plan->types[i].params, random_below(random, ARITY_MAX));
		type_string(plan, random, plan->types[i].results, results);
	}
}

static void add_type(struct plan *plan, const char *params, const char *results)
{
	struct plan_type *type = &plan->types[plan->type_count];

	if (plan_find_type(plan, params, results) != PLAN_NO_TYPE)
		return;
	strcpy(type->params, params);
	strcpy(type->results, results);
	plan->type_count++;
}

/* Tags, with the types of the blocks that handle them. */
static void make_tags(struct plan *plan, struct random *random)
{
	char params[ARITY_MAX + 1], with_exception[ARITY_MAX + 1];

	if (!(plan->features & FEATURE_EXCEPTIONS))
		return;
	plan->tag_count = random_between(random, 1, TAGS_MAX);
	for (unsigned i = 0; i < plan->tag_count; i++) {
		type_string(plan, random, params, random_below(random, ARITY_MAX - 2));
		strcpy(with_exception, params);
		strcat(with_exception, "x");
		add_type(plan, params, "");
		add_type(plan, "", params);
		add_type(plan, "", with_exception);
		plan->tags[i] = plan_find_type(plan, params, "");
	}
}

static void make_functions(struct plan *plan, struct random *random)
{
	plan->func_count = plan->kind == KIND_NUMBERS ? 4 : random_between(random, 4, 10);
	for (unsigned i = 0; i < plan->func_count; i++)
		plan->funcs[i] = random_between(random, 1, plan->type_count - 1);
}

static void make_globals(struct plan *plan, struct random *random)
{
	plan->global_count = random_between(random, 2, GLOBALS_MAX);
	plan->globals[FUEL_GLOBAL] = (struct plan_global){ 'i', true };
	for (unsigned i = 1; i < plan->global_count; i++)
		plan->globals[i] = (struct plan_global){ value_type(plan, random), !random_once_in(random, 4) };
}

static char index_type(const struct plan *plan, struct random *random, unsigned feature)
{
	return (plan->features & feature) && random_once_in(random, 2) ? 'I' : 'i';
}

static void make_memories(struct plan *plan, struct random *random)
{
	plan->memory_count = plan->kind == KIND_LOOPS || plan->kind == KIND_WILD ||
			     !random_once_in(random, 8);
	if (plan->memory_count && (plan->features & FEATURE_MEMORIES))
		plan->memory_count = random_between(random, 1, MEMORIES_MAX);
	for (unsigned i = 0; i < plan->memory_count; i++) {
		struct plan_memory *memory = &plan->memories[i];

		memory->index = index_type(plan, random, FEATURE_WIDE);
		memory->min = random_between(random, 1, 2);
		memory->max = memory->min + random_below(random, 3);
	}
	plan->data_count = random_between(random, 1, SEGMENTS_MAX);
	for (unsigned i = 0; i < plan->data_count; i++) {
		struct plan_segment *segment = &plan->data[i];

		segment->size = random_below(random, random_once_in(random, 3) ? 4000 : 64);
		segment->offset = random_below(random, 8192);
		if (!plan->memory_count || random_once_in(random, 2))
			segment->mode = SEGMENT_PASSIVE;
		else
			segment->object = random_below(random, plan->memory_count);
	}
}

static void make_tables(struct plan *plan, struct random *random)
{
	plan->table_count = random_between(random, 1, TABLES_MAX);
	for (unsigned i = 0; i < plan->table_count; i++) {
		struct plan_table *table = &plan->tables[i];

		table->type = i && random_once_in(random, 2) ? 'e' : 'r';
		table->index = index_type(plan, random, FEATURE_WIDE_TABLES);
		table->min = 1u << random_between(random, 2, 4);
		table->max = table->min + random_below(random, 8);
	}
	/* The last segment declares every function, for ref.func. */
	plan->element_count = random_between(random, 2, SEGMENTS_MAX);
	for (unsigned i = 0; i + 1 < plan->element_count; i++) {
		struct plan_segment *segment = &plan->elements[i];

		segment->object = random_below(random, plan->table_count);
		segment->mode = plan->tables[segment->object].type != 'r' || random_once_in(random, 3)
					? SEGMENT_PASSIVE : SEGMENT_ACTIVE;
		segment->size = random_between(random, 1, plan->tables[segment->object].min);
		segment->offset = random_below(random,
					       plan->tables[segment->object].min - segment->size + 1);
	}
	plan->elements[plan->element_count - 1].mode = SEGMENT_DECLARED;
	plan->elements[plan->element_count - 1].size = plan->func_count;
}

void plan_make(struct plan *plan, uint64_t seed, enum kind kind, unsigned features)
{
	struct random random = random_branch(seed, kind);

	memset(plan, 0, sizeof(*plan));
	plan->seed = seed;
	plan->kind = kind;
	plan->features = features;
	make_types(plan, &random);
	make_tags(plan, &random);
	make_functions(plan, &random);
	make_globals(plan, &random);
	make_memories(plan, &random);
	make_tables(plan, &random);
}
