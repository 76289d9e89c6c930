"""Vector instructions in programs."""

from lib.endtoend import test
from lib.programs import build, from_wat

RELAXED = b"""swizzle 0908070605040302010000000000000f
relaxed_swizzle 0908070605040302010000000f0f000f
trunc_s 80000000800000008000000000000001
trunc_u 00000000b2d05e000000000000000001
min 7fc000003f8000000000000080000000
max 7fc00000400000000000000080000000
laneselect8 000e0d0c0b0a09080006050403008000
laneselect16 00050d0c0b0a09080001050403028000
laneselect32 000500040b0a090800017fff03020100
laneselect64 000500040003000200017fff80008000
q15mulr 000000000000000000007ffe80008000
dot 00960056002600060007017d7fff8000
dot_add 000500f00003002e0001818380007fff
"""
# The CPU's choice: with FMA and without.
FUSED = b"madd " + b"2d000000" * 4 + b"\nnmadd " + b"ad000000" * 4 + b"\n"
ROUNDED_TWICE = b"madd " + b"0" * 32 + b"\nnmadd " + b"0" * 32 + b"\n"


def compiled(context, target, *sources):
    """C for WebAssembly with vectors."""
    build([context.project.clang, "--target=wasm32-wasi", "-std=gnu17", "-O2", "-msimd128",
           "-mrelaxed-simd", "-o", target, *sources])
    return target


@test(timeout=120)
def programs_with_vectors(context):
    """The benchmarks with vectors compute what their native builds do, at every level and on either CPU."""
    folder = context.project.root / "bench" / "programs"
    for name, size in (("chacha", 40), ("matmul", 64), ("pixels", 128), ("text", 8)):
        sources = [folder / f"simd_{name}.c", folder / "main.c"]
        native = context.tmp / name
        build([context.project.clang, "-O2", "-march=x86-64-v2", "-o", native, *sources])
        module = compiled(context, context.tmp / f"{name}.wasm", *sources)
        expected = context.must(context.run(native, size)).out
        for options in (["-O0"], ["-O1"], ["-O2", "--target-cpu", "x86-64-v2"], ["-O3"]):
            got = context.must(context.walnut("run", *options, module, size))
            context.equal(got.out, expected, f"{name} {options}")


@test
def relaxed_instructions(context):
    """Relaxed instructions do as documented, and the same at every level and on every CPU."""
    source = context.project.root / "tests" / "e2e" / "programs" / "relaxed.c"
    module = compiled(context, context.tmp / "relaxed.wasm", source)
    for cpu, fused in (("x86-64-v2", False), ("x86-64-v3", True)):
        for level in ("-O0", "-O1", "-O2", "-O3"):
            if fused and not context.project.kvm_usable:
                continue
            got = context.must(context.walnut("run", level, "--target-cpu", cpu, module)).out
            context.equal(got, RELAXED + (FUSED if fused else ROUNDED_TWICE), f"{cpu} {level}")


@test
def vectors_as_arguments_and_results(context):
    """A v128 goes through --invoke, calls, tables, locals, globals, blocks and several results."""
    module = from_wat(context, """(module
        (type $pair (func (param v128 i32 v128) (result f64 v128 i32 v128)))
        (table funcref (elem $swap))
        (global $kept (mut v128) (v128.const i64x2 1 2))
        (func $swap (type $pair) (f64.const 0.5) (local.get 2) (local.get 1) (local.get 0))
        (func (export "f") (param v128 i32) (result f64 v128 i32 v128 v128) (local v128 v128)
            (local.set 2 (select (local.get 0) (global.get $kept) (local.get 1)))
            (global.set $kept (block (result v128) (v128.const i32x4 1 2 3 4)
                (br_if 0 (local.get 1)) (drop) (local.get 3)))
            (call_indirect (type $pair) (local.get 2) (local.get 1) (v128.const i32x4 9 8 7 6) (i32.const 0))
            (global.get $kept)))""")
    given = "00112233445566778899aabbccddeeff"
    constant = "00000006000000070000000800000009"
    got = context.must(context.walnut("run", "--invoke", "f", module, "0x" + given.upper(), "1"))
    context.equal(got.out.decode().split(), ["0.5", constant, "1", given,
                                             "00000004000000030000000200000001"], "taken")
    got = context.must(context.walnut("run", "--invoke", "f", module, given, "0"))
    context.equal(got.out.decode().split(), ["0.5", constant, "0", "00000000000000020000000000000001",
                                             "0" * 32], "not taken")
    for bad in (given[1:], given + "0", "g" + given[1:], "", "1"):
        got = context.must(context.walnut("run", "--invoke", "f", module, bad, "0"), 125)
        context.contains(got.err, b"not of the parameter's type")
