"""Who may import whom."""

import ast
import itertools
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import asyncchat

SOURCE = Path(asyncchat.__file__).parent

PURE = {
    "abc",
    "base64",
    "bisect",
    "collections",
    "collections.abc",
    "contextlib",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "ipaddress",
    "heapq",
    "itertools",
    "json",
    "operator",
    "re",
    "string",
    "textwrap",
    "typing",
    "unicodedata",
    "precis_i18n",
    "msgspec",
    "binascii",
}
SHELLS = (
    "asyncchat.aio",
    "asyncchat.threads",
    "asyncchat.ui",
    "asyncchat.store",
    "asyncchat.conversation",
    "asyncchat.system.background_writer",
)
DOES_SOMETHING_OUTSIDE = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in SOURCE.rglob("*.py")}


@cache
def parse(module: str) -> ast.Module:
    return ast.parse(PATHS[module].read_bytes())


def when_imported(node: ast.AST) -> Iterator[ast.AST]:
    """Walk through what runs as soon as the module is imported: all but the insides of functions, and types."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from when_imported(child)


@cache
def imported(module: str, *, at_once: bool = False) -> set[str]:
    """Return the modules that `module` imports; `at_once`: as soon as it is imported itself."""
    tree = parse(module)
    found = set()
    for node in when_imported(tree) if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: relative imports hide where they go"
            assert node.module is not None
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found.add(submodule if submodule in PATHS else node.module)
    return found


def within(package: str, modules: set[str]) -> set[str]:
    return {module for module in modules if module == package or module.startswith(f"{package}.")}


def of_packages(packages: Iterable[str], module: str) -> set[str]:
    """Return what a module imports of some packages."""
    return set[str]().union(*(within(package, imported(module)) for package in packages))


def each(modules: Iterable[str], found_in: Callable[[str], set[str]]) -> dict[str, set[str]]:
    """Return the modules in which something is found that should not be there, and what."""
    return {module: found for module in modules if (found := found_in(module))}


CORE = ("chat", "client", "commands", "formats", "log", "sessions", "text")
CHAT = sorted({module for package in CORE for module in within(f"asyncchat.{package}", set(PATHS))})
CLI = within("asyncchat.cli", set(PATHS))


def test_the_core_and_nothing_else_must_be_covered() -> None:
    run = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
    shells = {path.parent.name for path in SOURCE.glob("*/__init__.py")} - set(CORE)
    assert set(run["omit"]) == {"*/asyncchat/*.py", *(f"*/asyncchat/{shell}/*" for shell in shells)}


def test_the_core_imports_itself_and_pure_libraries_only() -> None:
    allowed = {*CHAT, "asyncchat.errors", *PURE}
    assert each(CHAT, lambda module: imported(module) - allowed) == {}


def test_the_core_reads_and_writes_nothing_itself() -> None:
    def used(module: str) -> set[str]:
        return {node.id for node in ast.walk(parse(module)) if isinstance(node, ast.Name)} & DOES_SOMETHING_OUTSIDE

    assert each(CHAT, used) == {}


LAYERS = (
    "errors",
    "text",
    "log",
    "chat",
    "formats",
    "commands",
    "client sessions",
    "limits transcript",
    "system",
    "conversation store tls",
    "aio threads",
    "api ui",
    "cli",
)
"""From the ground up: a module imports what is in its own package, and in those below; not beside it."""
RANKS = {package: rank for rank, layer in enumerate(LAYERS) for package in layer.split()}
ROOT = {"asyncchat", "asyncchat.__main__", "asyncchat.events"}


def package_of(module: str) -> str:
    return module.split(".")[1]


def test_imports_go_down_only() -> None:
    def not_below(module: str) -> set[str]:
        own = package_of(module)
        others = {package_of(other) for other in imported(module) & (set(PATHS) - ROOT)} - {own}
        return {other for other in others if RANKS[other] >= RANKS[own]}

    assert each(set(PATHS) - ROOT, not_below) == {}


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module: imported(module) & set(PATHS) for module in set(PATHS) - ROOT}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_a_folder_has_ten_modules_at_most() -> None:
    modules = Counter(str(path.parent) for path in PATHS.values() if path.name != "__init__.py")
    assert {folder: number for folder, number in modules.items() if number > 10} == {}


def test_a_module_has_350_lines_at_most() -> None:
    lines = {module: len(path.read_text().splitlines()) for module, path in PATHS.items()}
    assert {module: number for module, number in lines.items() if number > 350} == {}


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(["asyncchat.aio", "asyncchat.threads"], 2)))
def test_the_shells_never_import_each_other(one: str, other: str) -> None:
    assert each(within(one, set(PATHS)), lambda module: of_packages((other,), module)) == {}


def test_the_store_knows_no_event_loop() -> None:
    loops = ("asyncio", "uvloop", "asyncchat.aio")
    # What PostgreSQL is spoken to with needs one: these have it for themselves.
    own = {"asyncchat.store.postgres.connection", "asyncchat.store.postgres.notices"}
    assert each(within("asyncchat.store", set(PATHS)) - own, lambda module: of_packages(loops, module)) == {}


def test_only_the_command_line_imports_what_draws() -> None:
    others = set(PATHS) - within("asyncchat.ui", set(PATHS)) - CLI
    assert each(others, lambda module: of_packages(("asyncchat.ui", "prompt_toolkit"), module)) == {}


def test_nothing_is_built_on_what_programs_import() -> None:
    others = set(PATHS) - within("asyncchat.api", set(PATHS)) - {"asyncchat"}
    assert each(others, lambda module: of_packages(("asyncchat.api", "asyncchat.events"), module)) == {}


def test_only_the_start_of_the_program_imports_the_command_line() -> None:
    others = set(PATHS) - CLI - {"asyncchat.__main__"}
    assert each(others, lambda module: of_packages(("asyncchat.cli",), module)) == {}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_line_imports_a_shell_only_when_it_is_asked_for(shell: str) -> None:
    assert any(within(shell, imported(module)) for module in CLI)
    assert not any(within(shell, imported(module, at_once=True)) for module in CLI)
