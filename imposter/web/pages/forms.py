"""Form fields from a JSON schema, and JSON from the filled-in fields. Pure.

A provider that somebody adds therefore has a form without any code here. Texts, secrets, numbers, booleans, enums and
lists of texts have their own kinds of field; everything else is entered as JSON.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from imposter.contracts.errors import FieldProblem
from imposter.web.api.body import parse

Schema = Mapping[str, Any]
LONG_TEXT = "textarea"
"""The `format` of a text that needs a large field."""
ADDRESS = "x-address"
"""Marks a field that decides where secrets are sent without being an address itself."""


class Look(StrEnum):
    TEXT = "text"
    LONG = "long"
    SECRET = "secret"  # noqa: S105 - a kind of field
    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"
    LINES = "lines"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """A form field. `name` is its name in the form, `path` the place of its value in the config."""

    name: str
    path: str
    label: str
    look: Look
    help: str = ""
    value: str = ""
    hint: str = ""
    """The default that applies if the field is empty."""
    choices: tuple[str, ...] = ()
    required: bool = False
    step: str = "any"
    problem: str = ""
    suggestions: str = ""
    """The id of the list with suggested values. Empty if there is none."""

    @property
    def key(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")


def fields(
    schema: Schema, prefix: str, path: str, sent: Mapping[str, str] | None, problems: Mapping[str, str]
) -> list[Field]:
    """Return the fields of an object, required ones first.

    `sent` holds previous input by name (None if there is none yet), `problems` the errors in it by path. Secrets are
    not shown again.
    """
    required = set(schema.get("required", ()))
    made = []
    for key, about in schema.get("properties", {}).items():
        look, bare = _look(about, schema)
        name, at = f"{prefix}.{key}", f"{path}.{key}"
        made.append(
            Field(
                name=name,
                path=at,
                label=key.replace("_", " ").capitalize(),
                look=look,
                help=str(about.get("description", bare.get("description", ""))),
                value=_shown(look, about.get("default"), name, sent),
                hint=_hint(about.get("default"), look),
                choices=tuple(map(str, bare.get("enum", ()))),
                required=key in required,
                step="1" if bare.get("type") == "integer" else "any",
                problem=_problem_at(at, problems),
            )
        )
    return sorted(made, key=lambda field: not field.required)


def read(schema: Schema, prefix: str, path: str, sent: Mapping[str, str]) -> tuple[dict[str, Any], list[FieldProblem]]:
    """Return the object that was filled in, without empty fields, and the errors in it."""
    found: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for key, about in schema.get("properties", {}).items():
        look, bare = _look(about, schema)
        text = sent.get(f"{prefix}.{key}", "")
        try:
            value = _value(look, bare, text)
        except ValueError as error:
            problems.append(FieldProblem(f"{path}.{key}", str(error)))
            continue
        if look is Look.YES_NO:
            if value != bool(about.get("default", False)):
                found[key] = value
        elif value is not None:
            found[key] = value
    return found, problems


def written(schema: Schema, prefix: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the form fields for these values, by name; the reverse of `read`. Secrets are left out."""
    filled: dict[str, str] = {}
    for key, about in schema.get("properties", {}).items():
        look, _ = _look(about, schema)
        value = values.get(key, about.get("default") if look is Look.YES_NO else None)
        if value is None or look is Look.SECRET:
            continue
        if look is Look.YES_NO:
            text = "yes" if value else ""
        elif look is Look.LINES:
            text = "\n".join(map(str, value))
        elif look in (Look.JSON, Look.NUMBER):
            text = json.dumps(value, ensure_ascii=False)
        else:
            text = str(value)
        filled[f"{prefix}.{key}"] = text
    return filled


def kept(schema: Schema, given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` with the previous values that a form cannot show.

    These are secrets that were left empty, and keys that the schema does not know. If an address has changed, secrets
    are not kept, because they would be sent to the new address. They must be typed again.
    """
    says_where = {key for key, about in schema.get("properties", {}).items() if about.get(ADDRESS)}
    known = {key: _look(about, schema)[0] for key, about in schema.get("properties", {}).items()}
    unknown = {key: value for key, value in before.items() if key not in known}
    stood = {key: value for key, value in before.items() if key in known}
    if _addresses(given, says_where) != _addresses(stood, says_where):
        return unknown | dict(given)
    secret = {key: value for key, value in before.items() if known.get(key) is Look.SECRET}
    return unknown | secret | dict(given)


def _addresses(values: Mapping[str, Any], says_where: Collection[str]) -> set[str]:
    return {value for key, value in values.items() if isinstance(value, str) and ("://" in value or key in says_where)}


def read_json(text: str) -> Any:
    """Parse JSON. Raises: ValueError (not valid; its text is meant for people)."""
    try:
        return parse(text.encode())
    except ValueError as error:
        raise ValueError(f"is not usable JSON: {error}") from None


def lines(text: str) -> list[str]:
    """Return the lines of a text without empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _value(look: Look, bare: Schema, text: str) -> Any:
    """Return the value of a field, or None if it is empty. Raises: ValueError (not valid)."""
    if look is Look.YES_NO:
        return text == "yes"
    if look in (Look.TEXT, Look.CHOICE, Look.SECRET):
        return text.strip() or None
    if look is Look.LONG:
        return text.replace("\r\n", "\n") if text.strip() else None
    if look is Look.LINES:
        return lines(text) or None
    if not text.strip():
        return None
    if look is Look.JSON:
        return read_json(text)
    return _number(text.strip(), whole=bare.get("type") == "integer")


def _number(text: str, *, whole: bool) -> int | float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise ValueError("must be a whole number" if whole else "must be a number") from None


def _look(about: Schema, root: Schema) -> tuple[Look, Schema]:
    """Return the kind of a field, and its schema without the alternative `null`."""
    bare = _bare(about, root)
    if "enum" in bare:
        return Look.CHOICE, bare
    match bare.get("type"):
        case "string" if bare.get("format") == "password" or bare.get("writeOnly"):
            return Look.SECRET, bare
        case "string" if LONG_TEXT in (bare.get("format"), about.get("format")):
            return Look.LONG, bare
        case "string":
            return Look.TEXT, bare
        case "integer" | "number":
            return Look.NUMBER, bare
        case "boolean":
            return Look.YES_NO, bare
        case "array" if _bare(bare.get("items", {}), root).get("type") == "string":
            return Look.LINES, bare
        case _:
            return Look.JSON, bare


def _bare(about: Schema, root: Schema) -> Schema:
    options = [option for option in _options(about, root) if option.get("type") != "null"]
    return options[0] if len(options) == 1 else {}


def _options(about: Schema, root: Schema) -> Iterator[Schema]:
    """Iterate over the alternatives of a schema, with references resolved.

    A schema that refers to itself is skipped.
    """
    for _ in range(8):
        reference = about.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/$defs/"):
            break
        about = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    else:
        return
    several = about.get("anyOf") or about.get("oneOf")
    if several:
        for option in several:
            yield from _options(option, root) if "$ref" in option else (option,)
    else:
        yield about


def _shown(look: Look, default: Any, name: str, sent: Mapping[str, str] | None) -> str:
    if look is Look.SECRET:
        return ""
    if sent is None:
        return "yes" if look is Look.YES_NO and default is True else ""
    return sent.get(name, "")


def _hint(default: Any, look: Look) -> str:
    if default in (None, "", [], {}) or look in (Look.YES_NO, Look.SECRET):
        return ""
    return default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)


def _problem_at(path: str, problems: Mapping[str, str]) -> str:
    """Return the error text of a field or of something within it."""
    return next((told for at, told in problems.items() if at == path or at.startswith(f"{path}.")), "")
