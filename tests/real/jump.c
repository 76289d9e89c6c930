/* What clang's lowering of setjmp() and longjmp() for WebAssembly calls: llvm's
 * WebAssemblyLowerEmscriptenEHSjLj. It catches the exception 1, __c_longjmp. */
#include <setjmp.h>

void __wasm_setjmp(struct jump *jump, unsigned label, void *invocation)
{
	jump->invocation = invocation;
	jump->label = label;
}

/* The call of setjmp() to go on behind, 0: it was of another function. */
unsigned __wasm_setjmp_test(const struct jump *jump, const void *invocation)
{
	return jump->invocation == invocation ? jump->label : 0;
}

void __wasm_longjmp(struct jump *jump, int value)
{
	jump->thrown.env = jump;
	jump->thrown.value = value ? value : 1;
	__builtin_wasm_throw(1, &jump->thrown);
}
