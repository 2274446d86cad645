"""Who may import whom."""

import ast
import itertools
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import asyncchat

SOURCE = Path(asyncchat.__file__).parent

PURE = {
    "abc",
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


CORE = ("chat", "client", "commands", "formats", "log", "sessions", "text")
CHAT = sorted({module for package in CORE for module in within(f"asyncchat.{package}", set(PATHS))})
CLI = within("asyncchat.cli", set(PATHS))


def test_the_core_and_nothing_else_must_be_covered() -> None:
    run = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
    shells = {path.parent.name for path in SOURCE.glob("*/__init__.py")} - set(CORE)
    assert set(run["omit"]) == {"*/asyncchat/*.py", *(f"*/asyncchat/{shell}/*" for shell in shells)}


@pytest.mark.parametrize("module", CHAT)
def test_the_core_imports_itself_and_pure_libraries_only(module: str) -> None:
    modules = imported(module)
    assert modules - {*CHAT, "asyncchat.errors"} <= PURE


@pytest.mark.parametrize("module", CHAT)
def test_the_core_reads_and_writes_nothing_itself(module: str) -> None:
    names = {node.id for node in ast.walk(parse(module)) if isinstance(node, ast.Name)}
    assert not names & DOES_SOMETHING_OUTSIDE


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
    "conversation store",
    "aio threads",
    "api ui",
    "cli",
)
"""From the ground up: a module imports what is in its own package, and in those below; not beside it."""
RANKS = {package: rank for rank, layer in enumerate(LAYERS) for package in layer.split()}
ROOT = {"asyncchat", "asyncchat.__main__", "asyncchat.events"}


def package_of(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("module", sorted(set(PATHS) - ROOT))
def test_imports_go_down_only(module: str) -> None:
    own = package_of(module)
    others = {package_of(other) for other in imported(module) & (set(PATHS) - ROOT)} - {own}
    assert {other for other in others if RANKS[other] >= RANKS[own]} == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module: imported(module) & set(PATHS) for module in set(PATHS) - ROOT}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


@pytest.mark.parametrize("folder", sorted({path.parent for path in PATHS.values()}), ids=str)
def test_a_folder_has_ten_modules_at_most(folder: Path) -> None:
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 10


@pytest.mark.parametrize("module", sorted(PATHS))
def test_a_module_has_350_lines_at_most(module: str) -> None:
    assert len(PATHS[module].read_text().splitlines()) <= 350


@pytest.mark.parametrize(
    ("module", "other"),
    [
        (module, other)
        for one, other in itertools.permutations(["asyncchat.aio", "asyncchat.threads"], 2)
        for module in sorted(within(one, set(PATHS)))
    ],
)
def test_the_shells_never_import_each_other(module: str, other: str) -> None:
    assert not within(other, imported(module))


@pytest.mark.parametrize("module", sorted(within("asyncchat.store", set(PATHS))))
def test_the_store_knows_no_event_loop(module: str) -> None:
    assert not {"asyncio", "uvloop"} & imported(module)
    assert not within("asyncchat.aio", imported(module))


@pytest.mark.parametrize("module", sorted(set(PATHS) - within("asyncchat.ui", set(PATHS)) - CLI))
def test_only_the_command_line_imports_what_draws(module: str) -> None:
    assert not within("asyncchat.ui", imported(module))
    assert not within("prompt_toolkit", imported(module))


@pytest.mark.parametrize("module", sorted(set(PATHS) - within("asyncchat.api", set(PATHS)) - {"asyncchat"}))
def test_nothing_is_built_on_what_programs_import(module: str) -> None:
    assert not {"asyncchat.events", *within("asyncchat.api", set(PATHS))} & imported(module)


@pytest.mark.parametrize("module", sorted(set(PATHS) - CLI - {"asyncchat.__main__"}))
def test_only_the_start_of_the_program_imports_the_command_line(module: str) -> None:
    assert not within("asyncchat.cli", imported(module))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_line_imports_a_shell_only_when_it_is_asked_for(shell: str) -> None:
    assert any(within(shell, imported(module)) for module in CLI)
    assert not any(within(shell, imported(module, at_once=True)) for module in CLI)
