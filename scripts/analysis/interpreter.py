# SPDX-License-Identifier: MIT
"""Finds a Python that has the modules the scripts need.

The first python3 on PATH may be one that the distribution's packages are not
installed for (pyenv, conda, a virtual environment). A script therefore begins

    from analysis import interpreter
    interpreter.ensure()

before it imports anything else of ours, and goes on under an interpreter that
can run it. Run as a command, this file prints that interpreter's path; it
exits 3 where there is none.

SYSCOST_PYTHON names an interpreter to try before those on PATH.
"""

import importlib.util
import os
import re
import subprocess
import sys
from typing import List, NoReturn, Optional, Sequence

MODULES = ("numpy", "pandas", "scipy", "matplotlib", "jinja2")
USUAL = ("/usr/bin/python3", "/usr/local/bin/python3")

# Set across the exec: what was chosen and lacks modules all the same (a
# wrapper that answers for another interpreter) must not be chosen again.
CHOSEN = "SYSCOST_PYTHON_CHOSEN"

# Asks for specs only: importing them all takes a second. The empty entry of
# sys.path is the caller's folder, which is none of a script's.
PROBE = """
import importlib.util, sys
sys.path[:] = filter(None, sys.path)
sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))
"""


def missing(modules: Sequence[str]) -> List[str]:
    """Which of the modules the running interpreter lacks."""
    return [name for name in modules
            if importlib.util.find_spec(name) is None]


def has(python: str, modules: Sequence[str]) -> bool:
    """Whether that interpreter runs and has all the modules."""
    try:
        probe = subprocess.run([python, "-c", PROBE, *modules], timeout=20,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def versioned(folder: str) -> List[str]:
    """Names such as python3.12 in a folder, newest first."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    found = [name for name in names if re.fullmatch(r"python3\.\d+", name)]
    return sorted(found, key=lambda name: int(name[8:]), reverse=True)


def is_wrapper(path: str) -> bool:
    """Whether it is a script that stands for an interpreter (pyenv's are)."""
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def candidates() -> List[str]:
    """Interpreters worth asking, the likeliest first, each once.

    Wrappers come last: they take ten times as long to answer, and the first
    on PATH most often stands for the interpreter that is running this.
    """
    folders = [f for f in os.environ.get("PATH", "").split(os.pathsep) if f]
    paths = [os.path.join(folder, "python3") for folder in folders]
    paths += [os.path.join(folder, name)
              for folder in folders for name in versioned(folder)]
    paths += USUAL
    usable = [path for path in dict.fromkeys(paths)
              if os.path.isfile(path) and os.access(path, os.R_OK | os.X_OK)]
    named = os.environ.get("SYSCOST_PYTHON")
    return ([named] if named else []) + sorted(usable, key=is_wrapper)


def find(modules: Sequence[str] = MODULES) -> Optional[str]:
    """The interpreter to use: this one if it will do, else the first."""
    if not missing(modules):
        return sys.executable
    return next((path for path in candidates() if has(path, modules)), None)


def refuse(modules: Sequence[str]) -> NoReturn:
    """Say what is missing and what to do about it."""
    print(f"{os.path.basename(sys.argv[0])}: no Python here has all of "
          f"{', '.join(modules)} ({sys.executable} lacks "
          f"{', '.join(missing(modules))}): run ./scripts/setup",
          file=sys.stderr)
    sys.exit(3)


def ensure(modules: Sequence[str] = MODULES) -> None:
    """Return under an interpreter that has the modules, or exit 3."""
    if not missing(modules):
        os.environ.pop(CHOSEN, None)  # children choose for themselves
        return
    python = None if CHOSEN in os.environ else find(modules)
    if python is None:
        refuse(modules)
    os.environ[CHOSEN] = python
    sys.stdout.flush()
    os.execvp(python, [python, *sys.argv])


def main() -> None:
    """Print the interpreter that a script started now would use."""
    python = find()
    if python is None:
        refuse(MODULES)
    print(python)


if __name__ == "__main__":
    main()
