"""Parts of a model provider's form: the choice of a service, its address, and the names of its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imposter.contracts.errors import FieldProblem
from imposter.contracts.model import Preset
from imposter.web.pages.forms import Field


@dataclass(frozen=True, slots=True)
class Service:
    """The fields `preset` and `base_url`, which belong together."""

    field: Field
    address: Field
    presets: tuple[Preset, ...]

    @property
    def chosen(self) -> Preset | None:
        return next((preset for preset in self.presets if preset.name == self.field.value), None)

    @property
    def fields(self) -> tuple[Field, Field]:
        return self.field, self.address

    @classmethod
    def of(cls, fields: Sequence[Field], presets: tuple[Preset, ...]) -> "Service | None":
        """Return the service fields, or None if the provider knows no services."""
        by_key = {field.key: field for field in fields}
        if not presets or not {"preset", "base_url"} <= by_key.keys():
            return None
        service = cls(by_key["preset"], by_key["base_url"], presets)
        hint = service.chosen.base_url if service.chosen is not None else service.address.hint
        return replace(service, address=replace(service.address, hint=hint))


@dataclass(frozen=True, slots=True)
class Found:
    """The result of asking a server for its models."""

    provider: str
    models: Sequence[str] = ()
    refused: str = ""
    problems: Sequence[FieldProblem] = ()


def with_service(sent: Mapping[str, str], prefix: str, presets: Sequence[Preset]) -> dict[str, str]:
    """Return the form's values with the address of the service that was just chosen.

    The address of another service is removed, and so is one that the preset itself provides. If the preset's address is
    a pattern, the owner completes it.
    """
    name, address = f"{prefix}.preset", f"{prefix}.base_url"
    chosen = next((preset for preset in presets if preset.name == sent.get(name)), None)
    typed = sent.get(address, "").strip().rstrip("/")
    if chosen is None:
        return {**sent, address: "" if any(typed == preset.base_url for preset in presets) else typed}
    if not chosen.is_pattern:
        return {**sent, address: ""}
    fits = typed and _behind(typed) == _behind(chosen.base_url)
    return {**sent, address: typed if fits else chosen.base_url}


def _behind(address: str) -> str:
    """Return the part of an address that does not depend on the owner's own name in it."""
    return address.partition("//")[2].partition("/")[0].partition(".")[2]
