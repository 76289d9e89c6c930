/* A very small text adventure: reads commands, line by line, until the game is won,
 * given up, or the input ends. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NORTH, EAST, SOUTH, WEST, DIRECTIONS };
enum room_id { SHORE, PATH, HUT, CELLAR, GROVE, ROOMS, NOWHERE = -1 };
enum item_id { LAMP, KEY, WALNUT, ITEMS };
#define CARRIED ROOMS

static const char *const direction_names[DIRECTIONS] = { "north", "east", "south", "west" };

static const struct room {
	const char *name, *text;
	int exits[DIRECTIONS];
} rooms[ROOMS] = {
	[SHORE] = { "Shore", "Waves roll over grey pebbles. A path leads north.",
		    { PATH, NOWHERE, NOWHERE, NOWHERE } },
	[PATH] = { "Path", "The path forks here: a hut to the east, trees to the west.",
		   { NOWHERE, HUT, SHORE, GROVE } },
	[HUT] = { "Hut", "One room, a table, and a trapdoor that opens to the north.",
		  { CELLAR, NOWHERE, NOWHERE, PATH } },
	[CELLAR] = { "Cellar", "Earthen walls. It smells of roots and of old wood.",
		     { NOWHERE, NOWHERE, HUT, NOWHERE } },
	[GROVE] = { "Grove", "Old trees around a chest bound with iron.",
		    { NOWHERE, PATH, NOWHERE, NOWHERE } },
};

static const char *const item_names[ITEMS] = { "lamp", "key", "walnut" };

struct game {
	int room;
	int places[ITEMS]; /* a room, CARRIED or NOWHERE */
	int turns;
	bool over;
};

static bool dark(const struct game *game)
{
	return game->room == CELLAR && game->places[LAMP] != CARRIED;
}

static void look(const struct game *game)
{
	const struct room *room = &rooms[game->room];

	if (dark(game)) {
		puts("It is too dark to see anything.");
		return;
	}
	printf("%s\n%s\n", room->name, room->text);
	for (int i = 0; i < ITEMS; i++)
		if (game->places[i] == game->room)
			printf("There is a %s here.\n", item_names[i]);
}

static void go(struct game *game, int direction)
{
	int target = rooms[game->room].exits[direction];

	if (target == NOWHERE) {
		puts("You cannot go that way.");
		return;
	}
	game->room = target;
	look(game);
}

static int find_item(const char *name)
{
	for (int i = 0; i < ITEMS; i++)
		if (strcmp(name, item_names[i]) == 0)
			return i;
	return -1;
}

static void take(struct game *game, const char *name)
{
	int item = find_item(name);

	if (item < 0 || game->places[item] != game->room || dark(game)) {
		printf("You see no %s.\n", name);
		return;
	}
	game->places[item] = CARRIED;
	printf("Taken: %s.\n", name);
	if (item == WALNUT) {
		printf("The walnut is warm and hums quietly. You have won in %d turns.\n",
		       game->turns);
		game->over = true;
	}
}

static void open_chest(struct game *game)
{
	if (game->room != GROVE) {
		puts("There is nothing to open.");
	} else if (game->places[KEY] != CARRIED) {
		puts("The chest is locked.");
	} else if (game->places[WALNUT] != NOWHERE) {
		puts("It is open.");
	} else {
		game->places[WALNUT] = GROVE;
		puts("The lid swings up. There is a walnut inside.");
	}
}

static void inventory(const struct game *game)
{
	int count = 0;

	for (int i = 0; i < ITEMS; i++) {
		if (game->places[i] == CARRIED) {
			printf("%s%s", count ? ", " : "You carry: ", item_names[i]);
			count++;
		}
	}
	puts(count ? "." : "You carry nothing.");
}

static void obey(struct game *game, const char *verb, const char *object)
{
	game->turns++;
	for (int i = 0; i < DIRECTIONS; i++) {
		if (strcmp(verb, direction_names[i]) == 0) {
			go(game, i);
			return;
		}
	}
	if (strcmp(verb, "look") == 0)
		look(game);
	else if (strcmp(verb, "take") == 0)
		take(game, object);
	else if (strcmp(verb, "open") == 0)
		open_chest(game);
	else if (strcmp(verb, "inventory") == 0)
		inventory(game);
	else if (strcmp(verb, "help") == 0)
		puts("north, east, south, west, look, take THING, open, inventory, quit");
	else
		printf("I do not know how to %s.\n", verb);
}

int main(void)
{
	struct game game = { SHORE, { HUT, CELLAR, NOWHERE }, 0, false };
	char line[256], verb[64], object[64];

	puts("THE WALNUT\nType help for help.\n");
	look(&game);
	while (!game.over) {
		fputs("> ", stdout);
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin)) {
			puts("\nThe tide takes you home.");
			return 2;
		}
		for (char *c = line; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		object[0] = '\0';
		if (sscanf(line, "%63s %63s", verb, object) < 1)
			continue;
		if (strcmp(verb, "quit") == 0) {
			puts("Goodbye.");
			return 1;
		}
		obey(&game, verb, object);
	}
	return 0;
}
