/* setjmp() and longjmp(), which Debian's wasi-libc does not have: clang's -wasm-enable-sjlj turns them
 * into exceptions and calls of the functions in jump.c. */
#ifndef REAL_SETJMP_H
#define REAL_SETJMP_H

struct jump {
	void *invocation; /* which activation of which function called setjmp() */
	unsigned label;	  /* which call in it */
	struct {
		void *env;
		int value;
	} thrown;
};

typedef struct jump jmp_buf[1];

int setjmp(jmp_buf env) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf env, int value);

#endif
