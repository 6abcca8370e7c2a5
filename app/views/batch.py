"""Batch: several photographs through the codec, and from how many bytes on each is known."""

from __future__ import annotations

import importlib

from app.components.followed_class import follow_class
from app.components.notice import with_notice
from app.components.widgets import lacks_codec, page_title


@with_notice("batch")
def render() -> None:
    """Lay out the page."""
    about = "Several photographs at once: from how many bytes on is each one known?"
    follow_class("batch", place=page_title("Batch", about))
    if not lacks_codec():
        # Imported here: without the codec's packages there is none to import.
        importlib.import_module("app.codec_page.gallery").render()
