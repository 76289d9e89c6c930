"""Linear memories as programs find them."""

from lib.endtoend import test
from lib.programs import from_wat

COUNT = 40


@test
def every_memory_begins_as_zeros(context):
    """Many small memories use up low RAM too, where the boot left its tables, and hold zeros."""
    memories = "\n".join(f"(memory $m{i} 2)" for i in range(COUNT))
    checks = "\n".join(f"""
        (local.set 0 (i32.const 0))
        (loop
          (if (i64.ne (i64.load $m{i} (local.get 0)) (i64.const 0)) (then unreachable))
          (local.set 0 (i32.add (local.get 0) (i32.const 8)))
          (br_if 0 (i32.lt_u (local.get 0) (i32.const 131072))))""" for i in range(COUNT))
    module = from_wat(context, f'(module {memories} (func (export "_start") (local i32) {checks}))')
    context.must(context.walnut("run", module))
