"""Programs that others wrote, on files: Lua and SQLite, from the source of Debian's packages."""

import os
import shutil
import signal
import subprocess
import time

from lib.endtoend import test


def module(context, name, tool):
    """The module, and where the same program for this machine is."""
    path = context.project.build / "real" / f"{name}.wasm"
    if not path.exists():
        context.skip(f"no {path.name} (`scripts/real-programs BUILD` makes it)")
    if not shutil.which(tool):
        context.skip(f"no {tool}")
    return path


def folder(context, name):
    path = context.tmp / name
    path.mkdir()
    return path


@test
def lua(context):
    """Lua runs a program of errors caught, coroutines, strings and files as it does in a process, on a shared
    folder and on one in RAM."""
    program = module(context, "lua", "lua5.4")
    script = context.project.root / "tests" / "e2e" / "programs" / "real.lua"
    typed = b"12.5 rest of the line\nsecond\nthe\nend"
    for place, options in (("shared", ["--dir", "shared"]), ("ram", ["--tmpfs", "ram:4M"])):
        here = folder(context, place)
        expected = context.must(context.run("lua5.4", script, place, input=typed))
        result = context.walnut("run", *options, "--dir", f"{script.parent}::/scripts:ro", program,
                                "/scripts/real.lua", place, input=typed)
        context.must(result)
        context.equal(result.out.decode().replace("/scripts/", f"{script.parent}/"), expected.out.decode(), place)
        context.equal(os.listdir(here), [], "what is left")


INSERT = ("create table t(a integer primary key, b text, c real);"
          "with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})"
          " insert into t select i, 'row ' || (i * 7919 % 20011), i / 3.0 from n;")
SQL = INSERT.format(rows=20000) + """
create index tb on t(b);
select count(*), sum(a), round(avg(c), 3) from t;
select a, b from t where b like 'row 19%' order by b limit 3;
begin; delete from t where a % 2; rollback;
begin; delete from t where a % 3 = 0; commit;
select count(*) from t; vacuum; pragma integrity_check;
select b, count(*) from t group by b % 7 order by 1 limit 2;
select * from none;
"""


def sql(context, program, text, *options, database="t.db"):
    return context.walnut("run", *options, program, database, input=text.encode())


def natively(context, database, text):
    return context.must(context.run("sqlite3", database, text)).out.decode()


@test
def sqlite(context):
    """SQLite makes, changes and rolls back a database on a shared folder; the host's SQLite finds the same in it."""
    program = module(context, "sql", "sqlite3")
    shared = folder(context, "shared")
    result = sql(context, program, SQL, "--dir", f"{shared}::.")
    expected = context.run("sqlite3", "native.db", input=SQL.encode())
    context.equal(result.out.decode(), expected.out.decode(), "rows")
    context.must(result, 1)
    context.equal(result.err, b"sql: no such table: none\n", "error")
    context.equal(os.listdir(shared), ["t.db"], "no journal is left")
    everything = "pragma integrity_check; select * from t; select * from sqlite_schema;"
    context.equal(natively(context, shared / "t.db", everything),
                  natively(context, context.tmp / "native.db", everything), "what the host finds")
    result = sql(context, program, "select count(*) from t; delete from t;", "--dir", f"{shared}::.:ro")
    context.must(result, 1)
    context.equal(result.out, b"13334\n", "read-only")
    context.contains(result.err, b"readonly database")


@test
def sqlite_without_room(context):
    """SQLite says that the disk is full, when a folder in RAM has reached its limit."""
    program = module(context, "sql", "sqlite3")
    result = sql(context, program, INSERT.format(rows=100) + "select count(*) from t;"
                 "insert into t select a + 1000000, zeroblob(30000), 0 from t;",
                 "--tmpfs", "data:1M", "--tmpfs", "/tmp:16M", database="data/t.db")
    context.must(result, 1)
    context.equal((result.out, result.err), (b"100\n", b"sql: database or disk is full\n"), "outputs")


@test
def sqlite_killed(context):
    """a machine killed in the middle of a transaction leaves a database that the next one rolls back."""
    program = module(context, "sql", "sqlite3")
    shared = folder(context, "shared")
    context.must(sql(context, program, INSERT.format(rows=1000), "--dir", f"{shared}::."))
    endless = ("pragma cache_size = 4; begin; update t set b = 'changed'; with recursive n(i) as "
               "(select 1 union all select i + 1 from n) select max(i) from n;")
    run = context.start([context.project.walnut, "run", "--dir", f"{shared}::.", program, "t.db"],
                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    run.stdin.write(endless.encode())
    run.stdin.close()
    # The journal is on disk before the database is touched.
    while b"changed" not in (shared / "t.db").read_bytes():
        assert run.poll() is None and context.left() > 1, "no change arrives in the file"
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert (shared / "t.db-journal").exists(), "no journal"
    result = sql(context, program, "select count(*) from t where b = 'changed'; pragma integrity_check;",
                 "--dir", f"{shared}::.")
    context.must(result)
    context.equal(result.out, b"0\nok\n", "after the recovery")
    context.equal(natively(context, shared / "t.db", "pragma integrity_check; select count(*) from t;"), "ok\n1000\n",
                  "what the host finds")
