"""The WebAssembly core suite: each .wast file is one test, its assertions are counted. The
folder own/ has scripts of ours in the same language.

Decoding and validation are asked on the host (check.c). Everything that runs, runs in
microVMs: guest/driver.c is linked with the file's modules and the kernel archive, and
takes the place of the program. Assertions that are known not to hold are in
exceptions.txt, each with its reason; one that holds after all makes the test fail.
"""

import json
import os
import pathlib
import subprocess

from lib.runner import Failed, Outcome, Skip, Test

from . import plan, script

PROPOSALS = ("extended-const", "memory64", "multi-memory", "relaxed-simd", "tail-call", "threads")
VERDICTS = {"module": "ok", "definition": "ok", "assert_unlinkable": "ok", "assert_uninstantiable": "ok",
            "assert_malformed": "malformed", "assert_invalid": "invalid"}


def collect(project):
    folder = project.spec_folder
    own = [file_test(path, f"own/{path.name}", {})
           for path in sorted((project.root / "tests" / "spec" / "own").glob("*.wast"))]
    if folder is None:
        return own + [Test("spec", "the WebAssembly core suite passes inside the microVM", absent)]
    exceptions = read_exceptions(project.root / "tests" / "spec" / "exceptions.txt")
    tests = own
    for path in sorted((folder / "2.0").glob("*.wast")):
        tests.append(file_test(path, path.name, exceptions))
    for proposal in PROPOSALS:
        for path in sorted((folder / "proposals" / proposal).glob("*.wast")):
            tests.append(file_test(path, f"{proposal}/{path.name}", exceptions))
    return tests


def absent(context):
    raise Skip("no core suite: WALNUT_WASM_SPEC is not set and ../shared/wasm-spec is absent")


def file_test(path, name, exceptions):
    excepted = exceptions.get(name, {})
    return Test(f"spec/{name.removesuffix('.wast')}", f"the assertions of {name} hold, those that run, "
                "inside the microVM", lambda context: run_file(context, path, excepted), timeout=300)


def read_exceptions(path):
    """{file: {line: reason}} from lines `FILE:LINE: REASON`; # begins a comment.

    With `LINE?` it is the CPU that decides whether the assertion holds: then None for the reason.
    """
    exceptions = {}
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        name, line, reason = text.split(":", 2)
        if not reason.strip():
            raise ValueError(f"{path}:{number}: an exception needs a reason")
        sometimes = line.endswith("?")
        exceptions.setdefault(name, {})[int(line.rstrip("?"))] = None if sometimes else reason.strip()
    return exceptions


def run_file(context, path, exceptions):
    commands = read_script(context, path)
    verdicts = {}  # command number: None for held, else what went wrong
    check_text(context, commands, verdicts)
    check_binaries(context, commands, verdicts)
    run_images(context, commands, verdicts)
    return summary(context, path, commands, verdicts, exceptions)


def read_script(context, path):
    """By wast2json where it knows the syntax, else by our own reader."""
    listing = context.tmp / "script.json"
    # Of 2.0, what its binary format refuses is asked too.
    features = [] if path.parent.name == "2.0" else ["--enable-all"]
    result = context.run("wast2json", *features, path, "-o", listing)
    if not result.status:
        return json.loads(listing.read_text())["commands"]
    tools = find_tools(context.project)
    if not tools:
        raise Skip("wast2json does not know its syntax, and wasm-tools' parser is not installed "
                   "(scripts/wasm-tools)")
    return script.commands(context, path, tools)


def find_tools(project):
    """wasm-tools compiled to JavaScript, or None: where scripts/wasm-tools put it, or as named."""
    installed = project.build / "wasm-tools" / script.TOOLS
    path = pathlib.Path(os.environ.get("WALNUT_WASM_TOOLS") or installed)
    return path if path.exists() and project.tool("node") else None


def summary(context, path, commands, verdicts, exceptions):
    wrong, excepted = [], set()
    counted = passed = 0
    for number, command in enumerate(commands):
        if command["type"] == "register":
            continue
        counted += 1
        reason = verdicts.get(number, "no verdict")
        if reason is None:
            passed += 1
        elif command["line"] in exceptions:
            excepted.add(command["line"])
        else:
            wrong.append(f"{path.name}:{command['line']}: {command['type']}: {reason}")
    for line in sorted(line for line in set(exceptions) - excepted if exceptions[line]):
        wrong.append(f"{path.name}:{line}: holds, but exceptions.txt says: {exceptions[line]}")
    note = f"{passed} of {counted} assertions hold"
    if counted - passed > len(wrong):
        note += f", {counted - passed - len(wrong)} excepted"
    if wrong:
        shown = wrong[:12] + ([f"… and {len(wrong) - 12} more"] if len(wrong) > 12 else [])
        return [Outcome(context.name, "fail", note, "\n".join(shown))]
    return [Outcome(context.name, "pass", note)]


def check_text(context, commands, verdicts):
    """Modules as quoted text, that it should not accept: Walnut reads it through wat2wasm."""
    for number, command in enumerate(commands):
        if command["type"] in ("assert_malformed", "assert_invalid") and command["module_type"] == "text":
            refused = command.get("refused")
            if "read_by" not in command:
                refused = context.run("wat2wasm", command["filename"], "-o", "/dev/null").status
            verdicts[number] = None if refused else "the text format's parser accepts it"


def check_binaries(context, commands, verdicts):
    """Every binary module is decoded and validated on the host, in one process."""
    asked = [(number, command) for number, command in enumerate(commands)
             if command["type"] in VERDICTS and command.get("module_type") != "text"
             and "refused" not in command]
    for number, command in enumerate(commands):
        if "refused" in command and command["type"] != "assert_malformed":
            verdicts[number] = "the text format's parser refuses it: " + command["refused"]
    result = context.run(context.project.build / "tests" / "spec" / "spec-check",
                         input="".join(command["filename"] + "\n" for _, command in asked).encode())
    answers = result.out.decode().splitlines()
    for index, (number, command) in enumerate(asked):
        answer = answers[index] if index < len(answers) else f"checker died: {result.text()}"
        expected = VERDICTS[command["type"]]
        right = answer.split(":")[0] == expected
        verdicts[number] = None if right else f"expected {expected}, the checker says {answer}"


def run_images(context, commands, verdicts):
    """Compiles, links and boots; merges what the guest says into the verdicts."""
    found = plan.instances(commands, context.tmp)
    images = plan.images(found)
    broken = compile_all(context, images)
    for index, image in enumerate(images):
        image.instances = [instance for instance in image.instances if instance.name not in broken]
        said = run_image(context, image, index) if image.instances else {}
        for number, command, instance in image.commands():
            reason = said.get(number, "the guest said nothing")
            if verdicts.get(number) is None:
                verdicts[number] = reason
    for instance in found:
        if instance.name in broken:
            for number, _ in instance.commands:
                verdicts[number] = f"does not compile: {broken[instance.name]}"


def compile_all(context, images):
    """Objects NAME.o for all instances; returns {name: error} of those refused."""
    jobs = [(instance, image.based) for image in images for instance in image.instances]
    request = "".join(f"{instance.file} {instance.name}.o {instance.name} "
                      f"{'based' if based else 'zero'}\n" for instance, based in jobs)
    # QEMU's TCG does not know every instruction of the host's CPU.
    cpu = "native" if context.project.kvm_usable else "x86-64-v2"
    result = context.run(context.project.build / "tests" / "spec" / "spec-compile", cpu, "2",
                         input=request.encode())
    answers = result.out.decode().splitlines()
    broken = {}
    for index, (instance, _) in enumerate(jobs):
        answer = answers[index] if index < len(answers) else f"compiler died: {result.text()}"
        if answer != "ok":
            broken[instance.name] = answer
    return broken


def run_image(context, image, index):
    """{command number: None or what went wrong}, as far as the guest got."""
    elf = context.tmp / f"image{index}.elf"
    link = ["ld.lld-19", "-static", "-nostdlib", "--gc-sections", "--eh-frame-hdr", "-z", "max-page-size=4096",
            "-z", "noexecstack", "-T", context.project.kernel_script, "-o", elf, "--whole-archive",
            context.project.build / "tests" / "spec" / "libspec-driver.a", "--no-whole-archive"]
    link += [context.tmp / f"{instance.name}.o" for instance in image.instances]
    link += [f"--defsym={name}=\"{wanted}\"" for name, wanted in plan.linker_symbols(image).items()]
    result = context.run(*link, context.project.kernel_archive)
    if result.status:
        text = "does not link: " + result.err.decode(errors="replace").strip()
        return {number: text for number, _, _ in image.commands()}
    result = context.walnut("run", elf, input=plan.script(image))
    elf.unlink()
    said = {}
    for line in result.out.decode(errors="replace").splitlines():
        number, verdict, *reason = line.split(" ", 2)
        if number.isdigit():
            said[int(number)] = None if verdict == "ok" else " ".join(reason)
    if result.status:
        for number, _, _ in image.commands():
            said.setdefault(number, f"the guest stopped before: status {result.status}, "
                            f"{result.err.decode(errors='replace').strip()[-400:]}")
    return said
