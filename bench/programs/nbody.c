/* Planets under gravity, symplectic Euler steps: double arithmetic with square roots
 * and divisions on a small working set. */
#include "bench.h"

#include <math.h>

const uint32_t bench_default_size = 2000000;

#define BODIES 5

struct body {
	double position[3], velocity[3], mass;
};

static void start(struct body *bodies)
{
	uint64_t state = 42;

	for (int i = 0; i < BODIES; i++) {
		for (int axis = 0; axis < 3; axis++) {
			bodies[i].position[axis] = (double)(bench_random(&state) >> 40) / 4096.0;
			bodies[i].velocity[axis] = (double)(bench_random(&state) >> 44) / 1048576.0;
		}
		bodies[i].mass = i == 0 ? 40.0 : 0.01 * (i + 1);
	}
}

static void step(struct body *bodies, double dt)
{
	for (int i = 0; i < BODIES; i++) {
		for (int j = i + 1; j < BODIES; j++) {
			double dx = bodies[i].position[0] - bodies[j].position[0];
			double dy = bodies[i].position[1] - bodies[j].position[1];
			double dz = bodies[i].position[2] - bodies[j].position[2];
			double square = dx * dx + dy * dy + dz * dz + 0.001;
			double pull = dt / (square * sqrt(square));

			bodies[i].velocity[0] -= dx * bodies[j].mass * pull;
			bodies[i].velocity[1] -= dy * bodies[j].mass * pull;
			bodies[i].velocity[2] -= dz * bodies[j].mass * pull;
			bodies[j].velocity[0] += dx * bodies[i].mass * pull;
			bodies[j].velocity[1] += dy * bodies[i].mass * pull;
			bodies[j].velocity[2] += dz * bodies[i].mass * pull;
		}
	}
	for (int i = 0; i < BODIES; i++)
		for (int axis = 0; axis < 3; axis++)
			bodies[i].position[axis] += dt * bodies[i].velocity[axis];
}

uint64_t bench_kernel(uint32_t size)
{
	struct body bodies[BODIES];
	uint64_t sum = 0;

	start(bodies);
	for (uint32_t i = 0; i < size; i++)
		step(bodies, 0.01);
	for (int i = 0; i < BODIES; i++)
		for (int axis = 0; axis < 3; axis++)
			sum = bench_mix(sum, bench_bits(bodies[i].position[axis]));
	return sum;
}
