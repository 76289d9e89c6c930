/* What Debian's build of Lua generates. */
#define DEB_HOST_MULTIARCH "wasm32-wasi"
