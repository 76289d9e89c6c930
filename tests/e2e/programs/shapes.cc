// Names that are mangled: a template in a namespace.
#define NOINLINE __attribute__((noinline))

namespace geometry {
template <typename Number> struct Grid {
	Number cells[4];
	NOINLINE Number at(int index) const
	{
		if (index > 3)
			__builtin_trap(); // line 10
		return cells[index];
	}
};

NOINLINE double corner(const Grid<double> &grid, int index)
{
	return grid.at(index) + 1; // line 17
}
} // namespace geometry

int main(int argc, char **)
{
	geometry::Grid<double> grid = {};

	return geometry::corner(grid, argc + 5) > 1; // line 25
}
