"""Loops in two versions: one for addresses that do not wrap, one for those that do."""

from lib.endtoend import test
from lib.programs import from_wat

# Streams that cross 2^32 in the middle of a loop, upwards and downwards, in the distance
# between two of their accesses, and in a step that is not the pointer's own.
WRAPPING = """
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 65536)

  (func $up (param $to i32) (param $from i32) (param $n i32)
    (loop $again
      (i64.store (local.get $to) (i64.add (i64.load (local.get $from)) (i64.const 0x0102030405060708)))
      (local.set $to (i32.add (local.get $to) (i32.const 8)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  (func $down (param $to i32) (param $from i32) (param $n i32)
    (loop $again
      (i32.store (local.get $to) (i32.mul (i32.load (local.get $from)) (i32.const 31)))
      (local.set $to (i32.sub (local.get $to) (i32.const 4)))
      (local.set $from (i32.sub (local.get $from) (i32.const 4)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  (func $stencil (param $to i32) (param $from i32) (param $n i32)
    (loop $again
      (i32.store (local.get $to)
        (i32.add (i32.load (i32.add (local.get $from) (i32.const -4)))
          (i32.add (i32.load (local.get $from)) (i32.load (i32.add (local.get $from) (i32.const 4))))))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  (func $rows (param $base i32) (param $stride i32) (param $end i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 5))
        (i32.load8_u (i32.sub (local.get $base) (i32.shl (local.get $i) (i32.const 3))))))
      (i32.store8 (i32.add (local.get $base) (i32.shl (local.get $i) (i32.const 2))) (local.get $sum))
      (local.set $base (i32.add (local.get $base) (i32.const 24)))
      (br_if $again (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 2))) (local.get $end))))
    (local.get $sum))

  (func $print (param $at i32) (param $size i32)
    (i32.store (i32.const 4096) (local.get $at))
    (i32.store (i32.const 4100) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 4096) (i32.const 1) (i32.const 4104))))

  (func $both_ends (call $print (i32.const -256) (i32.const 256)) (call $print (i32.const 0) (i32.const 256)))

  (func (export "_start") (local $i i32)
    (loop $fill
      (i32.store8 (i32.sub (local.get $i) (i32.const 256)) (i32.mul (local.get $i) (i32.const 37)))
      (br_if $fill (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 512))))
    CALLS))
"""

CALLS = {
    "up": [f"(call $up (i32.const {to}) (i32.const {at}) (i32.const {n}))"
           for to, at, n in ((-96, 64, 24), (64, -96, 24), (-8, -16, 3), (-64, 0, 8), (-64, 8, 9),
                             (0, -8, 1))],
    "down": [f"(call $down (i32.const {to}) (i32.const {at}) (i32.const {n}))"
             for to, at, n in ((60, -64, 40), (-64, 60, 40), (0, 4, 2), (252, 252, 64), (252, 252, 65))],
    "stencil": [f"(call $stencil (i32.const {to}) (i32.const {at}) (i32.const {n}))"
                for to, at, n in ((100, 0, 20), (100, -80, 19), (100, -80, 20),
                                  (-100, -160, 60), (8, -200, 40))],
    "rows": [f"(i32.store (i32.const 8) (call $rows (i32.const {base}) (i32.const 0) (i32.const {end})))"
             for base, end in ((-40, 10), (-8, 4), (0, 8), (-200, 16), (100, 6))],
}


def linux_process(context, module, level):
    target = context.tmp / f"loops{level}"
    context.must(context.run(context.project.root / "examples" / "linux-host" / "build.sh", level,
                             module, target, env={"WALNUT_CC": context.project.walnut_cc}))
    return target


@test(timeout=120)
def addresses_wrap_around(context):
    """With 4 GiB of memory a loop may go on from its last byte at its first, optimised or not."""
    for name, calls in CALLS.items():
        text = WRAPPING.replace("CALLS", "\n".join(call + "(call $both_ends)" for call in calls))
        module = from_wat(context, text, f"{name}.wasm")
        outputs = [context.must(context.run(linux_process(context, module, level))).out
                   for level in ("-O0", "-O2")]
        context.equal(len(outputs[0]), len(calls) * 512, name)
        context.equal(outputs[1], outputs[0], name)


@test
def two_versions(context):
    """A loop whose bounds are unknown has the version with 64-bit addresses, and a plain one."""
    module = from_wat(context, WRAPPING.replace("CALLS", "\n".join(CALLS["stencil"])))
    context.must(context.run(context.project.walnut_cc, "-O2", "--emit-llvm", "-o", "text", module))
    text = (context.tmp / "text").read_text()
    assert "llvm.loop.vectorize.enable" in text, "no loop has a second version"
    assert "add <4 x i32>" in text, "the first one is not vectorised"
