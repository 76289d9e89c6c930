#include "debug/demangle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void expect(const char *mangled, const char *readable)
{
	char *got = demangle(mangled);

	if (readable)
		assert_string_equal(got ? got : "(not mangled)", readable);
	else
		assert_null(got);
	free(got);
}

static void cplusplus_has_its_parameters(void **state)
{
	expect("_ZN8geometry4GridIdE2atEi", "geometry::Grid<double>::at(int)");
	expect("_Z6cornerRKSsi", "corner(std::string const&, int)");
}

static void rust_legacy_loses_its_hash(void **state)
{
	expect("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
	expect("_ZN36_$LT$T$u20$as$u20$core..any..Any$GT$7type_id17h0123456789abcdefE",
	       "<T as core::any::Any>::type_id");
}

static void rust_v0_is_read(void **state)
{
	expect("_RNvCs15kBYyAo9fc_7mycrate7example", "mycrate::example");
}

static void other_names_stay(void **state)
{
	expect("", NULL);
	expect("main", NULL);
	expect("_start", NULL);
	expect("__wasm_call_ctors", NULL);
	expect("_Z", NULL);
	expect("_ZN", NULL);
	expect("_R", NULL);
}

static void a_name_that_grows_too_long_stays(void **state)
{
	/* Each parameter's type holds the one before it twice: "T1_" is the first type that
	 * was substituted, and so on. */
	static const char *const seeds = "0123456789";
	char name[400] = "_Z1fSt4pairIiiE";

	for (int i = 0; i < 9; i++) {
		char next[] = "St4pairIS0_S0_E";

		next[9] = next[12] = seeds[i];
		strcat(name, next);
	}
	char *got = demangle(name);

	if (got)
		assert_true(strlen(got) <= 4096);
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cplusplus_has_its_parameters),
		cmocka_unit_test(rust_legacy_loses_its_hash),
		cmocka_unit_test(rust_v0_is_read),
		cmocka_unit_test(other_names_stay),
		cmocka_unit_test(a_name_that_grows_too_long_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
