/* The sun and its giants, stepped by a symplectic integrator: double arithmetic only.
 *
 *	nbody [STEPS]        100000 steps of 0.01 days by default
 *
 * Prints the system's energy before and after, which should hardly differ. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BODIES 5
#define DAYS_PER_YEAR 365.24
#define SOLAR_MASS (4 * 3.14159265358979323846 * 3.14159265358979323846)

struct body {
	double position[3], velocity[3], mass;
};

/* Astronomical units, units per day, solar masses; scaled by prepare(). */
static struct body bodies[BODIES] = {
	{ { 0, 0, 0 }, { 0, 0, 0 }, 1 },
	{ { 4.84143144246472090, -1.16032004402742839, -0.103622044471123109 },
	  { 0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023 },
	  0.000954791938424326609 },
	{ { 8.34336671824457987, 4.12479856412430479, -0.403523417114321381 },
	  { -0.00276742510726411210, 0.00499852801234917238, 0.0000230417297573763929 },
	  0.000285885980666130812 },
	{ { 12.8943695621391310, -15.1111514016986312, -0.223307578892655734 },
	  { 0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556 },
	  0.0000436624404335156298 },
	{ { 15.3796971148509165, -25.9193146099879641, 0.179258772950371181 },
	  { 0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870 },
	  0.0000515138902046611451 },
};

/* Scales to years and gives the sun the momentum that keeps the whole at rest. */
static void prepare(void)
{
	for (int i = 0; i < BODIES; i++) {
		bodies[i].mass *= SOLAR_MASS;
		for (int k = 0; k < 3; k++)
			bodies[i].velocity[k] *= DAYS_PER_YEAR;
	}
	for (int i = 1; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			bodies[0].velocity[k] -=
				bodies[i].velocity[k] * bodies[i].mass / bodies[0].mass;
}

static double distance_squared(const struct body *a, const struct body *b, double d[3])
{
	double sum = 0;

	for (int k = 0; k < 3; k++) {
		d[k] = a->position[k] - b->position[k];
		sum += d[k] * d[k];
	}
	return sum;
}

static void step(double dt)
{
	double d[3];

	for (int i = 0; i < BODIES; i++) {
		for (int j = i + 1; j < BODIES; j++) {
			double square = distance_squared(&bodies[i], &bodies[j], d);
			double magnitude = dt / (square * sqrt(square));

			for (int k = 0; k < 3; k++) {
				bodies[i].velocity[k] -= d[k] * bodies[j].mass * magnitude;
				bodies[j].velocity[k] += d[k] * bodies[i].mass * magnitude;
			}
		}
	}
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			bodies[i].position[k] += dt * bodies[i].velocity[k];
}

static double energy(void)
{
	double sum = 0, d[3];

	for (int i = 0; i < BODIES; i++) {
		const double *v = bodies[i].velocity;

		sum += bodies[i].mass * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) / 2;
		for (int j = i + 1; j < BODIES; j++)
			sum -= bodies[i].mass * bodies[j].mass /
			       sqrt(distance_squared(&bodies[i], &bodies[j], d));
	}
	return sum;
}

int main(int argc, char **argv)
{
	long steps = argc > 1 ? atol(argv[1]) : 100000;

	prepare();
	printf("%.9f\n", energy());
	for (long i = 0; i < steps; i++)
		step(0.01);
	printf("%.9f\n", energy());
	return 0;
}
