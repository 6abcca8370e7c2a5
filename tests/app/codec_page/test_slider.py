"""What stands on the Codec page while it is laid out: told by the messages that a browser gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.data.data_dir import photos

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from app.codec_page import slider


class Screen:
    """What a browser shows: each message puts a part where it belongs, in place of what is there.

    A part that a run does not send again stays until the run is over.
    """

    def __init__(self) -> None:
        self.parts: dict[tuple[int, ...], str] = {}

    def take(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") != "delta":
            return
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") == "add_block":
            return  # a block that is there keeps what is in it
        kind = delta.new_element.WhichOneof("type")
        # An element stands in place of a whole block.
        self.parts = {at: one for at, one in self.parts.items() if at[: len(path)] != path}
        self.parts[path] = f"{kind}: {delta.new_element.markdown.body}"

    def says(self, words: str) -> bool:
        return any(words in part for part in self.parts.values())


def test_what_the_former_photograph_was_taken_for_goes_before_any_work(
    page: Callable[..., AppTest], served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (served / "photos").mkdir()
    with Image.open(photos()["chelsea"]) as picture:
        for number, name in enumerate(("aaa", "bbb")):
            small = picture.convert("RGB").resize((40 + 8 * number, 32))
            small.save(served / "photos" / f"{name}.png")
    monkeypatch.setattr("app.data.data_dir.shipped_photos", dict)
    screen, answered = Screen(), []
    put, load = ForwardMsgQueue.enqueue, slider.load_recogniser

    def seen(queue: ForwardMsgQueue, message: ForwardMsg) -> None:
        screen.take(message)
        put(queue, message)

    def slow(*given: Any) -> Any:
        answered.append(screen.says("Label map: **"))
        return load(*given)

    monkeypatch.setattr(ForwardMsgQueue, "enqueue", seen)
    monkeypatch.setattr(slider, "load_recogniser", slow)
    test = page("codec", photo="aaa")
    # Both are encoded once before: a spinner would stand where the answers do.
    test.selectbox(key="photo").set_value("bbb").run()
    test.selectbox(key="photo").set_value("aaa").run()
    assert not test.exception
    assert screen.says("Label map: **")
    answered.clear()
    test.selectbox(key="photo").set_value("bbb").run()
    assert not test.exception
    assert answered[0] is False
    assert screen.says("Label map: **")
    answered.clear()
    test.button(key="to_all").click().run()  # of the same photograph it stays
    assert answered[0] is True
