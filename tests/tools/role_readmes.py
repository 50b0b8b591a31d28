# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the variables of each role into its README from ``meta/argument_specs.yml``.

The text between the two markers is generated; what a person wrote around it stays. ``--check`` changes nothing and
says which README is not as it would be written.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import typing as t
from pathlib import Path

import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"
BEGIN = "<!-- BEGIN generated from meta/argument_specs.yml by `make role-readmes` -->"
END = "<!-- END generated -->"
MARKUP = re.compile(r"\b([CVOEBIPMR])\(((?:[^()\\]|\\.|\([^()]*\))*)\)")


def prose(text: t.Any) -> str:
    """Ansible markup and a list of paragraphs as one Markdown cell."""
    paragraphs = text if isinstance(text, list) else [text or ""]
    joined = " ".join(str(paragraph).strip() for paragraph in paragraphs)
    joined = MARKUP.sub(lambda match: emphasis(match.group(1), match.group(2)), joined)
    return re.sub(r"\s+", " ", joined).replace("|", "\\|").strip()


def emphasis(kind: str, text: str) -> str:
    """One piece of Ansible markup as Markdown."""
    plain = text.replace("\\)", ")")
    if kind in "PMR":
        plain = plain.split("#")[0].split(",")[0]
    return {"B": f"**{plain}**", "I": f"*{plain}*"}.get(kind, f"`{plain}`")


def kind_of(option: dict[str, t.Any]) -> str:
    """Type of an option, with its elements."""
    kind = option.get("type", "str")
    return f"list of {option['elements']}" if kind == "list" and option.get("elements") else str(kind)


def default_of(option: dict[str, t.Any]) -> str:
    """Default as the playbook would write it."""
    if option.get("required"):
        return "**required**"
    return f"`{json.dumps(option['default'])}`" if "default" in option else ""


def rows(options: dict[str, t.Any], prefix: str = "") -> t.Iterator[str]:
    """A table row for each option, nested ones after their parent."""
    for name in sorted(options):
        option = options[name] or {}
        description = prose(option.get("description", ""))
        if option.get("choices"):
            description += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
        yield f"| `{prefix}{name}` | {kind_of(option)} | {default_of(option)} | {description} |"
        if option.get("options"):
            marker = "[]." if option.get("type") == "list" else "."
            yield from rows(option["options"], f"{prefix}{name}{marker}")


def generated(specs: dict[str, t.Any]) -> str:
    """Everything between the markers."""
    parts = []
    for entry in sorted(specs, key=lambda name: (name != "main", name)):
        spec = specs[entry] or {}
        parts.append(f"## Entry point `{entry}`\n")
        if spec.get("short_description"):
            parts.append(f"{prose(spec['short_description'])}\n")
        paragraphs = spec.get("description") or []
        parts += [
            f"{prose(paragraph)}\n" for paragraph in (paragraphs if isinstance(paragraphs, list) else [paragraphs])
        ]
        options = spec.get("options") or {}
        if options:
            table = ["| Variable | Type | Default | Meaning |", "|---|---|---|---|", *rows(options)]
            parts.append("\n".join(table) + "\n")
        else:
            parts.append("No variables.\n")
    return "\n".join(parts)


def render(role: Path) -> str:
    """The README as it should be."""
    file = role / "meta" / "argument_specs.yml"
    specs = yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]
    block = f"{BEGIN}\n\n{generated(specs)}\n{END}\n"
    readme = role / "README.md"
    text = (
        readme.read_text(encoding="utf-8")
        if readme.is_file()
        else f"# Role `tenantry.platform.{role.name}`\n\n{BEGIN}\n{END}\n"
    )
    if BEGIN not in text or END not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1].lstrip("\n")
    return before + block + (f"\n{after}" if after else "")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a README is out of date")
    parser.add_argument("roles", nargs="*", help="names of roles; default: all")
    arguments = parser.parse_args()
    problems = []
    roles = [ROLES / name for name in arguments.roles] or sorted(path.parent for path in ROLES.glob("*/tasks"))
    for role in roles:
        if not (role / "meta" / "argument_specs.yml").is_file():
            problems.append(f"roles/{role.name}: has no meta/argument_specs.yml")
            continue
        readme = role / "README.md"
        wanted = render(role)
        if readme.is_file() and readme.read_text(encoding="utf-8") == wanted:
            continue
        if arguments.check:
            problems.append(f"roles/{role.name}/README.md is not what its argument_specs say: make role-readmes")
        else:
            readme.write_text(wanted, encoding="utf-8")
            print(f"wrote roles/{role.name}/README.md")
    print("\n".join(problems) or f"{len(roles)} roles", file=sys.stderr if problems else sys.stdout)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
