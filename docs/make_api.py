"""Print docs/api.md, from the docstrings of what `asyncchat` offers: `python docs/make_api.py >docs/api.md`."""

import inspect
import re
import textwrap
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from msgspec import UnsetType

import asyncchat

_HEAD = """\
# The API for Python

All names are imported from `asyncchat`, the events also from `asyncchat.events`. [bots.md](bots.md) explains how to use
them, and `examples/` has programs that do.
"""

_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns):$", re.MULTILINE)
_ENTRY = re.compile(r"^(\w+): ", re.MULTILINE)

_ORDER = ["connect", "Connecting", "Chat"]


def lines() -> Iterator[str]:
    """Yield the parts of the document."""
    yield _HEAD
    yield "## Functions and classes\n"
    for name in _ORDER:
        yield from _described(name, getattr(asyncchat, name))
    yield "## Events\n"
    yield from _events()
    yield "## Errors\n"
    yield from _errors()


def _described(name: str, thing: Any) -> Iterator[str]:
    yield f"### `{_signature(name, thing)}`\n"
    yield _markdown(thing)
    if inspect.isclass(thing):
        for member, value in vars(thing).items():
            if isinstance(value, property):
                yield f"#### `{name}.{member}`: `{_type(get_type_hints(value.fget)['return'])}`\n"
                yield _markdown(value)
            elif inspect.isfunction(value) and not member.startswith("_"):
                awaited = "await " * inspect.iscoroutinefunction(value)
                yield f"#### `{awaited}{_signature(f'{name}.{member}', value)}`\n"
                yield _markdown(value)


def _events() -> Iterator[str]:
    yield (
        "`asyncchat.Event` is any of these; they are immutable, and can be used in `match`. `UNSET` is "
        "`msgspec.UNSET`: the server has not said it.\n"
    )
    for kind in get_args(asyncchat.Event):
        fields = ", ".join(f"{name}: {_type(of)}" for name, of in get_type_hints(kind).items() if name[0] != "_")
        yield f"### `{kind.__name__}({fields})`\n"
        yield _markdown(kind)
        for member, value in vars(kind).items():
            if isinstance(value, property):
                yield f"- `{member}` (`{_type(get_type_hints(value.fget)['return'])}`): {inspect.getdoc(value)}\n"


def _errors() -> Iterator[str]:
    errors = [thing for name in asyncchat.__all__ if _is_error(thing := getattr(asyncchat, name))]
    for error in sorted(errors, key=lambda error: (len(error.__mro__) > len(asyncchat.Error.__mro__), error.__name__)):
        bases = [base.__name__ for base in error.__mro__[1:] if base in errors or base is ValueError]
        yield f"### `{error.__name__}`\n"
        if bases:
            yield f"Is also: {', '.join(f'`{base}`' for base in bases)}.\n"
        yield _markdown(error)


def _is_error(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def _signature(name: str, thing: Any) -> str:
    """Return how it is called; a class that programs do not call themselves is its name."""
    if inspect.isclass(thing):
        return name
    signature = inspect.signature(thing, eval_str=True)
    shown: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind == parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}".replace("'", '"')
        if parameter.name != "self":
            shown.append(f"{parameter.name}: {_type(parameter.annotation)}{default}")
    return f"{name}({', '.join(shown)}) -> {_type(signature.return_annotation)}"


def _type(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " | ".join(map(_type, get_args(hint)))
    if hint in (None, NoneType, UnsetType):
        return "None" if hint is not UnsetType else "UNSET"
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else re.sub(r"(\w+\.)+", "", str(hint))


def _markdown(thing: Any) -> str:
    """Return a docstring with its sections as lists."""
    text, *sections = _SECTION.split(inspect.getdoc(thing) or "")
    parts = [text.strip()]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        body = inspect.cleandoc(body)
        if title == "Returns":
            parts.append(_filled(f"Returns: {body}"))
        else:
            _, *entries = _ENTRY.split(body)
            rows = [_filled(f"- `{name}`: {what}") for name, what in zip(entries[::2], entries[1::2], strict=True)]
            parts.append(f"{'Arguments' if title == 'Args' else title}:\n\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, 120, subsequent_indent="  " * text.startswith("-"), break_on_hyphens=False)


if __name__ == "__main__":
    print("\n".join(lines()).rstrip())
