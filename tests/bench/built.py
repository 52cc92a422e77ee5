"""What a program was built with, as it says itself. Standard library only."""
import re
from pathlib import Path


def compiler_of(program):
    """"gcc 12.2.0". Where clang built it, both stand there: the C library's start was built by gcc."""
    data = Path(program).read_bytes()
    clang = re.search(rb"clang version ([\w.]+)", data)
    gcc = re.search(rb"GCC: \([^)]*\) ([\w.]+)", data)
    return f"clang {clang[1].decode()}" if clang else f"gcc {gcc[1].decode()}" if gcc else "an unknown compiler"


def is_sanitized(program):
    return b"__asan_init" in Path(program).read_bytes()
