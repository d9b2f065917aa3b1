# SPDX-License-Identifier: MIT
"""The machine code of every row's loop: what the row says, and no more."""

import pathlib
import re
import shutil
import subprocess
from typing import Dict, List, NamedTuple, Tuple

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
BENCH = REPOSITORY / "bench"
LINE = 64               # bytes: where a loop is to begin

SOURCES = sorted(source.stem for source in BENCH.glob("*.c"))
LOOP = re.compile(r"BENCHMARK_(?:LOOP|TURNS)\(\s*(\w+(?:##\w+)?)")


class Architecture(NamedTuple):
    """How one architecture's instructions are told apart."""

    entry: str          # into the kernel
    legacy: str         # by the older gate; "" where there is none
    call: str
    indirect: str       # a call through a register
    jump: str           # of any kind
    conditional: str
    memory: str         # an operand in memory
    stamps: str         # reads of the counter
    no_operation: str
    store: str          # traps, each of which is an instruction of its own
    undefined: str
    breakpoint: str


X86_64 = Architecture(
    entry=r"(syscall|sysenter)\b", legacy=r"int +\$0x80", call=r"(call|lcall)",
    indirect=r"call +\*%\w+$", jump=r"(j\w+|loop\w*) ",
    conditional=r"(j(?!mp)\w+|loop\w*) ",
    memory=r"(?!lea|nop|data16|cs nop).*\(|(push|pop|rep|movs[bwlq] |stos)",
    stamps=r"rdtscp?$", no_operation=r"nop|data16|cs nop|xchg %ax,%ax",
    store=r"movb \$0x0,\(%rax\)", undefined=r"ud2", breakpoint=r"int3")
AARCH64 = Architecture(
    entry=r"svc\b", legacy="", call=r"bl", indirect=r"blr",
    jump=r"(b|b\.\w+|cbn?z|tbn?z|br) ", conditional=r"(b\.\w+|cbn?z|tbn?z) ",
    memory=r"(ld|st|cas|swp|prfm)", stamps=r"mrs .*cntvct",
    no_operation=r"nop", store=r"strb wzr, \[x\d+\]", undefined=r"udf #0",
    breakpoint=r"brk #0x0")
ARCHITECTURES = {"elf64-x86-64": X86_64, "elf64-littleaarch64": AARCH64}


class Instruction(NamedTuple):
    """One instruction; symbol: what it names, in this file or another."""

    address: int
    text: str
    symbol: str


class Loop(NamedTuple):
    """The body of a function's hot loop, its jump back the last."""

    architecture: Architecture
    body: List[Instruction]

    def all(self, pattern: str) -> List[Instruction]:
        """The instructions that match."""
        return [each for each in self.body
                if pattern and re.match(pattern, each.text)]


def tool(program: pathlib.Path) -> str:
    """The objdump that knows this machine code."""
    for name in ("objdump", "aarch64-linux-gnu-objdump",
                 "x86_64-linux-gnu-objdump"):
        if shutil.which(name) and subprocess.run(
                [name, "-d", "--start-address=0", "--stop-address=1",
                 program], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode == 0:
            return name
    pytest.skip("no objdump for this program")


@pytest.fixture(scope="session")
def objects(program: pathlib.Path) -> pathlib.Path:
    """Where the build that the program comes from keeps bench/'s objects."""
    made = program.parent / "version.h"
    folder = program.parent / "CMakeFiles" / "benchmarks.dir" / "bench"
    if not folder.is_dir() or not made.exists():
        pytest.skip("no object files beside the program")
    if not re.search(r'BUILD_TYPE\s+"Release"', made.read_text()):
        pytest.skip("not the build that is measured with")
    return folder


def dump(program: pathlib.Path, path: pathlib.Path, *options: str) -> str:
    """What objdump says of an object file."""
    return subprocess.run([tool(program), *options, path], text=True,
                          check=True, stdout=subprocess.PIPE).stdout


def functions(listing: str) -> Dict[str, List[Instruction]]:
    """The functions of a listing with relocations, by name."""
    found: Dict[str, List[Instruction]] = {}
    for line in listing.splitlines():
        head = re.fullmatch(r"[0-9a-f]+ <(.+)>:", line)
        code = re.fullmatch(r" *([0-9a-f]+):\t(.*?)\s*", line)
        moved = re.fullmatch(r"\t+[0-9a-f]+: (R_\S+)\t(\S+)", line)
        if head:
            body = found.setdefault(head[1], [])
        elif moved:
            symbol = re.sub(r"[-+]0x[0-9a-f]+$", "", moved[2])
            body[-1] = body[-1]._replace(symbol=symbol)
        elif code:
            text = re.sub(r"\s+", " ", code[2].replace("\t", " "))
            within = re.search(r"<([\w.]+)>$", text)
            body.append(Instruction(int(code[1], 16),
                                    re.sub(r" *(//|# |<).*", "", text),
                                    within[1] if within else ""))
    return found


def target(jump: Instruction) -> int:
    """Where a direct jump goes."""
    return int(jump.text.split()[-1].split(",")[-1], 16)


def hot_loop(architecture: Architecture, code: List[Instruction]) -> Loop:
    """What lies between the one conditional jump back and its target."""
    back = [each for each in code
            if re.match(architecture.conditional, each.text)
            and code[0].address <= target(each) < each.address]
    assert len(back) == 1, "one loop is needed"
    body = [each for each in code
            if target(back[0]) <= each.address <= back[0].address]
    assert body[0].address == target(back[0])
    return Loop(architecture, [
        each for each in body
        if not re.match(architecture.no_operation, each.text)])


def declared(source: str) -> List[str]:
    """The loops that a file of bench/ declares, by their functions' names.

    In a macro that makes groups a name is pasted: call##_libc.
    """
    text = (BENCH / f"{source}.c").read_text()
    groups = re.findall(r"^[A-Z_]*GROUP\((\w+)", text, re.M)
    return [group + re.sub(r"^\w+##", "", name) if "##" in name else name
            for name in LOOP.findall(text)
            for group in (groups if "##" in name else [""])]


def machine_code(program: pathlib.Path, objects: pathlib.Path, source: str
                 ) -> Dict[str, Loop]:
    """The hot loops of a file of bench/, by their functions' names."""
    path = objects / f"{source}.c.o"
    if not path.exists():
        pytest.fail(f"{path}: not built")
    listing = dump(program, path, "-dr", "--no-show-raw-insn",
                   "--section=.text")
    kind = re.search(r"file format (\S+)", listing)[1]
    if kind not in ARCHITECTURES:
        pytest.skip(f"machine code of {kind}")
    found = functions(listing)
    return {name: hot_loop(ARCHITECTURES[kind], found[name])
            for name in declared(source) if name in found}


@pytest.fixture(scope="module", params=SOURCES)
def loops(request: pytest.FixtureRequest, program: pathlib.Path,
          objects: pathlib.Path) -> Dict[str, Loop]:
    return machine_code(program, objects, request.param)


@pytest.fixture(scope="module")
def baseline(program: pathlib.Path, objects: pathlib.Path) -> Dict[str, Loop]:
    return machine_code(program, objects, "baseline")


def called(loop: Loop) -> List[Instruction]:
    return loop.all(loop.architecture.call)


def is_one_entry(loop: Loop) -> bool:
    return len(loop.all(loop.architecture.entry)) == 1 and not called(loop)


def is_one_call(loop: Loop, symbol: str) -> bool:
    """A direct call of what matches the expression."""
    return len(called(loop)) == 1 and bool(
        re.fullmatch(symbol, called(loop)[0].symbol))


def is_one_indirect_call(loop: Loop) -> bool:
    calls = called(loop)
    return len(calls) == 1 and calls == loop.all(loop.architecture.indirect)


def is_legacy_entry(loop: Loop) -> bool:
    """Where there is no such gate, the row's call fails without one."""
    architecture = loop.architecture
    if not architecture.legacy:
        return not called(loop) and not loop.all(architecture.entry)
    return len(loop.all(architecture.legacy)) == 1 and not called(loop)


def is_two_entries(loop: Loop) -> bool:
    return len(loop.all(loop.architecture.entry)) == 2 and not called(loop)


def is_one_function(loop: Loop) -> bool:
    """A direct call of one of ours: it has steps that make no loop."""
    return len(called(loop)) == 1 and not is_one_indirect_call(loop)


def is_two_calls(loop: Loop) -> bool:
    """One after the other, of functions of the C library."""
    return len(called(loop)) == 2 and all(
        re.fullmatch(LIBC, call.symbol) for call in called(loop))


def is_a_call_and_touches(loop: Loop) -> bool:
    """One or two calls of the C library, and one that touches pages."""
    symbols = [call.symbol for call in called(loop)]
    return symbols.count("memory_touch") == 1 and 2 <= len(symbols) <= 3 and (
        all(re.fullmatch(LIBC, symbol) for symbol in symbols))


def is_one_trap(loop: Loop, pattern: str) -> bool:
    return len(loop.all(pattern)) == 1 and not called(loop)


def is_a_chase(loop: Loop, entries: int, others: str = "") -> bool:
    """Loads that depend on one another, and then the row's call."""
    first, *rest = [call.symbol for call in called(loop)]
    return (first == "stub_load_chain" and len(rest) == bool(others) and
            all(re.fullmatch(others, symbol) for symbol in rest) and
            len(loop.all(loop.architecture.entry)) == entries)


def is_call_of_x86(loop: Loop, symbol: str) -> bool:
    """Elsewhere the row's call fails without one."""
    if not loop.architecture.legacy:
        return not called(loop)
    return is_one_call(loop, symbol)


LIBC = "(?!syscall$|stub_)[a-z_]+"
# By the last word of the function's name: what its loop must be. "pair",
# "touch" and "chase" go with the word before.
RULES = {
    "alone_chase": lambda loop: is_a_chase(loop, 0),
    "inline_chase": lambda loop: is_a_chase(loop, 1),
    "libc_chase": lambda loop: is_a_chase(loop, 0, LIBC),
    "inline": is_one_entry,
    "int80": is_legacy_entry,
    "inline_pair": is_two_entries,
    "function": is_one_function,
    "libc": lambda loop: is_one_call(loop, LIBC),
    "libc_pair": is_two_calls,
    "libc_touch": is_a_call_and_touches,
    "syscall": lambda loop: is_one_call(loop, "syscall"),
    "stub": lambda loop: is_one_call(loop, "stub_syscall[0-6]"),
    "vdso": is_one_indirect_call,
    "vsyscall": is_one_indirect_call,
    "sysret": lambda loop: is_call_of_x86(loop, "stub_sigreturn"),
    "iret": lambda loop: is_call_of_x86(loop, "stub_sigreturn"),
    "uring": lambda loop: is_one_call(loop, r"hand_over(\.\w+)*"),
    "sqpoll": lambda loop: is_one_call(loop, r"hand_to_poller(\.\w+)*"),
    "memcpy": lambda loop: is_one_call(loop, "memcpy"),
    "sendfile": lambda loop: is_one_call(loop, "sendfile"),
    "range": lambda loop: is_one_call(loop, "copy_file_range"),
    "stdio": lambda loop: is_one_call(loop, "fwrite"),
    "putc": lambda loop: not called(loop),
    "empty": lambda loop: not called(loop),
    "call": lambda loop: is_one_call(loop, "stub_return|stub_take[0-6]"),
    "indirect": is_one_indirect_call,
    "counter": lambda loop: not called(loop),
    "chain": lambda loop: is_one_call(loop, "stub_add_chain"),
    "write": lambda loop: not called(loop),
    "read": lambda loop: not called(loop),
    "store": lambda loop: is_one_trap(loop, loop.architecture.store),
    "undefined": lambda loop: is_one_trap(loop, loop.architecture.undefined),
    "breakpoint": lambda loop: is_one_trap(loop,
                                           loop.architecture.breakpoint),
}
WORDS = ["no", "one", "two", "three", "four", "five", "six"]
ENTRIES = {"inline": 1, "int80": 1, "inline_pair": 2, "inline_chase": 1}
# The stream's pointers and the byte; the place to copy from; the page and
# where the next one is; the place in the cycle.
IN_MEMORY = {"putc", "sendfile", "range", "write", "read", "store",
             "alone_chase", "inline_chase", "libc_chase"}
SLOW_PATH = {"putc"}        # out of the loop, when the buffer is full


def shown(loop: Loop) -> str:
    return "\n".join(f"{each.text} {each.symbol}" for each in loop.body)


def kind(name: str) -> str:
    words = name.split("_")
    two = words[-1] in ("pair", "touch", "chase")
    return "_".join(words[-2 if two else -1:])


@pytest.mark.parametrize("source", SOURCES)
def test_every_loop_is_found(program, objects, source):
    names = declared(source)
    assert names and set(machine_code(program, objects, source)) == set(names)


def test_every_loop_has_a_rule(loops):
    assert [name for name in loops if kind(name) not in RULES] == []


def test_a_loop_does_what_its_row_says(loops):
    for name, loop in loops.items():
        assert RULES[kind(name)](loop), f"{name}:\n{shown(loop)}"


def test_only_inline_loops_enter_the_kernel(loops):
    for name, loop in loops.items():
        architecture = loop.architecture
        entries = loop.all(architecture.entry) + loop.all(architecture.legacy)
        assert len(entries) <= ENTRIES.get(kind(name), 0), (
            f"{name}:\n{shown(loop)}")


def test_loops_touch_no_memory(loops):
    for name, loop in loops.items():
        if kind(name) not in IN_MEMORY:
            assert not loop.all(loop.architecture.memory), (
                f"{name}:\n{shown(loop)}")


def test_loops_are_straight(loops):
    for name, loop in loops.items():
        *others, back = loop.all(loop.architecture.jump)
        assert back == loop.body[-1]
        if kind(name) in SLOW_PATH:
            assert all(target(jump) > back.address for jump in others)
        else:
            assert others == [], f"{name}:\n{shown(loop)}"


def test_loops_begin_a_line(loops):
    for name, loop in loops.items():
        assert loop.body[0].address % LINE == 0, name


@pytest.mark.parametrize("source", SOURCES)
def test_sections_are_aligned_as_the_loops(program, objects, source):
    heads = dump(program, objects / f"{source}.c.o", "-h",
                 "--section=.text")
    power = re.search(r" \.text .*2\*\*(\d+)", heads)[1]
    assert 2 ** int(power) % LINE == 0


def test_the_empty_loop_is_empty(baseline):
    body = baseline["empty"].body
    assert len(body) in (1, 2), shown(baseline["empty"])
    assert len(baseline["call"].body) == len(body) + 1


@pytest.mark.parametrize("way, least", [("call", 6), ("inline", 5)])
def test_arguments_are_passed_in_every_turn(program, objects, way, least):
    """An instruction each; the loop's counter may itself be one of them."""
    loops = machine_code(program, objects, "arguments")
    lengths = [len(loops[f"{word}_{way}"].body) for word in WORDS]
    steps = [longer - shorter for shorter, longer
             in zip(lengths, lengths[1:])]
    assert set(steps) <= {0, 1} and sum(steps) >= least


def test_the_counter_is_read_twice(baseline):
    loop = baseline["counter"]
    stamps = [each.text for each in loop.all(loop.architecture.stamps)]
    assert len(stamps) == 2, shown(loop)


def test_the_adds_are_a_chain_of_registers(program, objects):
    path = objects.parent / "asm"
    stubs, = path.glob("*/stubs.S.o")
    listing = dump(program, stubs, "-dr", "--no-show-raw-insn",
                   "--section=.text")
    kind_ = re.search(r"file format (\S+)", listing)[1]
    if kind_ not in ARCHITECTURES:
        pytest.skip(f"machine code of {kind_}")
    loop = hot_loop(ARCHITECTURES[kind_],
                    functions(listing)["stub_add_chain"])
    adds = [each.text for each in loop.all("add ")]
    assert len(adds) == 100 and len(set(adds)) == 1
    assert "$" not in adds[0] and "#" not in adds[0]
    assert loop.body[0].address % LINE == 0


def timed_regions(program: pathlib.Path, objects: pathlib.Path, name: str
                  ) -> Tuple[Architecture, List[List[Instruction]]]:
    """What a function of src/batch.c has between each pair of stamps."""
    path = objects.parents[1] / "harness.dir" / "src" / "batch.c.o"
    listing = dump(program, path, "-dr", "--no-show-raw-insn",
                   "--section=.text")
    kind_ = re.search(r"file format (\S+)", listing)[1]
    if kind_ not in ARCHITECTURES:
        pytest.skip(f"machine code of {kind_}")
    architecture, code = ARCHITECTURES[kind_], functions(listing)[name]
    stamps = [i for i, each in enumerate(code)
              if re.match(architecture.stamps, each.text)]
    assert stamps and len(stamps) % 2 == 0
    return architecture, [code[first + 1:last] for first, last
                          in zip(stamps[::2], stamps[1::2])]


# What writes to memory, in AT&T's order and in Arm's.
WRITES = re.compile(r"st[rpu]|\w+ .*,[-\dxa-f]*\([^)]*\)$")


@pytest.mark.parametrize("name, wanted", [
    ("time_batch", [""]),
    ("time_calls_and_work", ["", "stub_add_chain"]),
    ("stamp_by_counter", [""]), ("stamp_nothing", [])])
def test_nothing_but_the_row_is_timed(program, objects, name, wanted):
    """The row's own loop through its pointer; only work has adds behind.

    Single calls too; between the stamps of nothing there is nothing.
    """
    architecture, regions = timed_regions(program, objects, name)
    for region in regions:
        text = "\n".join(f"{each.text} {each.symbol}" for each in region)
        calls = [each for each in region
                 if re.match(architecture.call, each.text)]
        assert [each.symbol for each in calls] == wanted, text
        assert all("*" in call.text or call.text.startswith("blr")
                   for call in calls[:1]), text
        assert not [each for each in region
                    if re.match(architecture.jump, each.text)
                    or WRITES.match(each.text)], text


def test_the_program_keeps_the_alignment(program, objects):
    """The linker moves sections; a loop's function must stay aligned."""
    table = subprocess.run([tool(program), "-t", program], text=True,
                           check=True, stdout=subprocess.PIPE).stdout
    placed = {name: int(address, 16) for address, name in re.findall(
        r"^([0-9a-f]+) l +F \.text\S*\s+[0-9a-f]+ +(\S+)$", table, re.M)}
    wanted = [name for source in SOURCES for name in
              machine_code(program, objects, source)]
    assert set(wanted) <= set(placed)
    assert [name for name in wanted if placed[name] % LINE] == []
