/* Binary trees built and thrown away: malloc and free of many small blocks, and
 * walks over pointers. */
#include "bench.h"

#include <stdlib.h>

const uint32_t bench_default_size = 15; /* depth of the deepest tree */

struct tree {
	struct tree *left, *right;
};

static struct tree *tree_build(uint32_t depth)
{
	struct tree *tree = bench_alloc(sizeof(*tree));

	tree->left = depth ? tree_build(depth - 1) : NULL;
	tree->right = depth ? tree_build(depth - 1) : NULL;
	return tree;
}

static uint32_t tree_count(const struct tree *tree)
{
	return tree->left ? 1 + tree_count(tree->left) + tree_count(tree->right) : 1;
}

static void tree_free(struct tree *tree)
{
	if (tree->left) {
		tree_free(tree->left);
		tree_free(tree->right);
	}
	free(tree);
}

uint64_t bench_kernel(uint32_t size)
{
	struct tree *lasting = tree_build(size);
	uint64_t sum = 0;

	for (uint32_t depth = 4; depth <= size; depth += 4) {
		for (uint32_t i = 0; i < 1u << (size - depth + 4); i++) {
			struct tree *tree = tree_build(depth);

			sum += tree_count(tree);
			tree_free(tree);
		}
	}
	sum = bench_mix(sum, tree_count(lasting));
	tree_free(lasting);
	return sum;
}
