"""What `MODEL[:PRETRAINED][@PROMPTS]` means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hierlab.errors import PrototypeError

__all__ = ["Variant", "parse_variant"]

_FORM = re.compile(
    r"(?P<model>(?:hf-hub:|local-dir:)?[^:@\s]+)(?::(?P<pretrained>[^:@\s]+))?(?:@(?P<prompts>\S+))?"
)


@dataclass(frozen=True)
class Variant:
    """A text encoder and the prompts given to it; what was not said is None.

    Args:
        model: name that open_clip lists, or `minilm`.
        pretrained: tag of the weights, such as `openai`.
        prompts: `80`, `7`, `photo`, `a`, `name`, another set's name, or a file of templates.
    """

    model: str
    pretrained: str | None = None
    prompts: str | None = None

    def __str__(self) -> str:
        pretrained = f":{self.pretrained}" if self.pretrained else ""
        return self.model + pretrained + (f"@{self.prompts}" if self.prompts else "")

    def matches(self, full: Variant) -> bool:
        """Whether `full` is one of the variants that this text may mean."""
        return (
            self.model.casefold() == full.model.casefold()
            and self.pretrained in (None, full.pretrained)
            and self.prompts in (None, full.prompts)
        )


def parse_variant(text: str) -> Variant:
    """Read `MODEL[:PRETRAINED][@PROMPTS]`, such as `ViT-B-32:openai@80`.

    Raises:
        PrototypeError: the text has another form.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise PrototypeError(
            f"expected a variant MODEL[:PRETRAINED][@PROMPTS], such as ViT-B-32:openai@80, "
            f"got {text!r}"
        )
    return Variant(**match.groupdict())
