"""docs/tutorial.md as its reader follows it: files that grow, and commands with what they print."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["DOCUMENT", "Section", "read_sections", "write_files"]

DOCUMENT = Path(__file__).parent.parent / "docs" / "tutorial.md"


class Section(NamedTuple):
    """A section, and what the reader has at the end of it."""

    title: str
    program: str
    tests: str
    page: str
    commands: list[tuple[str, str]]
    """Those of the section, each with what it prints."""


def read_sections() -> list[Section]:
    program: dict[str, str] = {}
    tests = page = ""
    sections = []
    for text in DOCUMENT.read_text("utf-8").split("\n## ")[1:]:
        commands: list[tuple[str, str]] = []
        for language, content in re.findall(
            r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
        ):
            match language:
                case "python" if "async def test_" in content:
                    tests = content
                case "python":
                    program |= _parts(content)
                case "html":
                    page = content
                case "console":
                    commands += _commands(content)
                case _:
                    raise ValueError(f"{language}: nobody knows what to do with that")
        whole = "\n\n".join(sorted(program.values(), key=_place))
        sections.append(Section(text.partition("\n")[0], whole, tests, page, commands))
    return sections


def write_files(section: Section, folder: Path) -> None:
    """Write what there is at the end of ``section``."""
    (folder / "pages").mkdir(exist_ok=True)
    (folder / "pages" / "index.html").write_text(section.page, "utf-8")
    (folder / "chat.py").write_text(section.program, "utf-8")
    (folder / "test_chat.py").write_text(section.tests, "utf-8")


def _parts(code: str) -> dict[str, str]:
    """Return functions and classes by their names, and all else by itself."""
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    parts = {}
    for node in ast.parse(code).body:
        source = ast.get_source_segment(code, node)
        assert source is not None
        parts[node.name if isinstance(node, named) else source] = source
    return parts


def _place(part: str) -> int:
    """Sort imports to the top, and what runs the program to the end."""
    if part.startswith(("import ", "from ")):
        return 0
    return 2 if part.startswith("if ") else 1


def _commands(content: str) -> list[tuple[str, str]]:
    found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", content, re.MULTILINE)
    return [(command, output) for command, output in found]
