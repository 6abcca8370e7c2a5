"""Every page can be read and pressed: measured in Chromium, wide and narrow, light and dark."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hierlab[codec]'")

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AUDIT = Path(__file__).with_name("audit.js").read_text()
FINGER_PX = 40
PAGES = {
    "explore": "/?cluster=coarse@n02123045&class=n02123045",
    "icicle": "/?view=Icicle&level=mid",
    "class map": "/?view=Class+map",
    "class map, followed": "/?view=Class+map&level=mid&class=n02123045",
    "notice": "/?level=x&photo=y",
    "build": "/build?method=consensus",
    "compare": "/compare?show=Heatmap",
    "stability": "/stability?part=Encoders",
    "codec": "/codec?photo=chelsea&against=AVIF",
    "batch": "/batch",
    "curves": "/curves",
}
# Drawn to the end: the script has stopped, and nothing is still to come.
SETTLED = (
    "() => document.querySelector('[data-testid=stApp]')"
    "?.getAttribute('data-test-script-state') === 'notRunning'"
    " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')"
)


def settle(tab: Any) -> None:
    tab.locator("h2").first.wait_for(timeout=180_000)
    for _ in range(3):  # one run of a page may ask for the next
        tab.wait_for_function(SETTLED, timeout=180_000)
        tab.wait_for_timeout(700)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_and_pressed(tab: Any, address: str, name: str, scheme: str) -> None:
    narrow = tab.viewport_size["width"] < 640
    tab.emulate_media(color_scheme=scheme)
    tab.goto(address + PAGES[name])
    settle(tab)
    press = FINGER_PX if narrow else 0
    assert tab.evaluate(AUDIT, {"least": 11, "press": press}) == []


def test_the_stage_is_worked_by_keys_and_told_in_words(tab: Any, address: str) -> None:
    tab.goto(address + PAGES["codec"])
    settle(tab)
    facts = tab.locator(".stage .facts")
    assert facts.get_attribute("aria-live") == "polite"
    for name, key in (
        ("Divider between the two pictures", "ArrowRight"),
        ("Bytes kept", "ArrowUp"),
    ):
        part = tab.get_by_role("slider", name=name)
        tab.locator(".stage .view").focus()
        while not part.evaluate("one => one.getRootNode().activeElement === one"):
            tab.keyboard.press("Tab")
            assert tab.locator(".stage :focus").count(), f"{name} is not reached"
        outline = "one => parseFloat(getComputedStyle(one).outlineWidth)"
        assert part.evaluate(outline) >= 2, f"{name} does not show that it has the keyboard"
        before = part.get_attribute("aria-valuenow"), part.get_attribute("aria-valuetext")
        tab.keyboard.press(key)
        assert (part.get_attribute("aria-valuenow"), part.get_attribute("aria-valuetext")) != before
    kept = tab.get_by_role("slider", name="Bytes kept").get_attribute("aria-valuetext")
    assert kept
    assert facts.inner_text().startswith(kept)
    if tab.viewport_size["width"] < 640:
        # Facts and slider stay in sight together while the picture is looked at.
        tab.locator(".stage .view").scroll_into_view_if_needed()
        for part in (facts, tab.get_by_role("slider", name="Bytes kept")):
            box = part.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= tab.viewport_size["height"] + 1
