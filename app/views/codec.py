"""Codec: encode a photograph once, then cut its bytes by hand."""

from __future__ import annotations

import importlib

from app.components.followed_class import follow_class
from app.components.notice import with_notice
from app.components.widgets import lacks_codec, page_title


@with_notice("codec")
def render() -> None:
    """Lay out the page."""
    line = page_title("Codec", "Encode a photograph once; the slider keeps only its first bytes.")
    follow_class("codec", place=line)
    if not lacks_codec():
        # Imported here: without the codec's packages there is none to import.
        importlib.import_module("app.codec_page.page").render()
