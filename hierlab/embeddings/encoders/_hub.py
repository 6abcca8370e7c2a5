"""Whether weights can be had, asked before anything heavy is loaded: the answer is quick."""

from __future__ import annotations

import os
import ssl
import threading
import urllib.error
import urllib.request
from pathlib import Path

from hierlab.errors import PrototypeError

__all__ = ["HUB_SECONDS", "hub_reachable", "require_weights"]

HUB_SECONDS = 1.5


def require_weights(model: str) -> None:
    """Refuse at once where nothing was ever downloaded and the hub does not answer.

    Raises:
        PrototypeError: so it is.
    """
    if not _kept_anything() and not hub_reachable():
        raise PrototypeError(
            f"the weights of {model} are not on this machine, and {_host()} does not answer; give "
            "a file of them with `hierlab embed --weights`, or connect"
        )


def hub_reachable(seconds: float = HUB_SECONDS) -> bool:
    """Whether the hub answers within some seconds, through a proxy where one is set."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    answered = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(_host(), method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=seconds):
                answered.set()
        except urllib.error.HTTPError:
            answered.set()  # an answer, whatever it says
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLError):
                answered.set()  # the hub's own client may know other certificates
        except (OSError, ValueError):
            return

    # A thread, for looking up a name knows no time limit.
    threading.Thread(target=ask, daemon=True).start()
    return answered.wait(seconds)


def _host() -> str:
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def _kept_anything() -> bool:
    """Whether the hub's cache or open_clip's holds any model."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    clip = Path.home() / ".cache" / "clip"
    return any(hub.glob("models--*/snapshots/*/*")) or any(clip.glob("*"))
