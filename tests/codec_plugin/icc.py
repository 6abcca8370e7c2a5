"""A matrix colour profile (ICC version 2) from primaries and an exponent, and its meaning."""

import struct

import numpy as np

D65 = np.array([0.9505, 1.0, 1.0891])  # the medium's white, which only absolute intents show
D50 = np.array([0.9642, 1.0, 0.8249])
SRGB = np.array(  # to XYZ at D50; rows X, Y, Z (IEC 61966-2-1, adapted by Bradford)
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
ADOBE = np.array(  # Adobe RGB (1998), adapted likewise
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
ADOBE_GAMMA = 563 / 256


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def profile(matrix: np.ndarray | None, gamma: float, name: str) -> bytes:
    """An RGB profile, or a grey one where there is no matrix."""
    text = name.encode() + b"\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 78
    tags = {b"desc": described, b"wtpt": _xyz(D65), b"cprt": b"text\0\0\0\0none\0"}
    if matrix is None:
        tags[b"kTRC"] = curve
    else:
        tags |= {b"rXYZ": _xyz(matrix[:, 0]), b"gXYZ": _xyz(matrix[:, 1])}
        tags |= {b"bXYZ": _xyz(matrix[:, 2]), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for key, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += key + struct.pack(">II", start + len(body), len(value))
        body += value
    space = b"GRAY" if matrix is None else b"RGB "
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"none", 0x02100000, b"mntr", space, b"XYZ "
    )
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += b"".join(struct.pack(">i", round(v * 65536)) for v in D50)
    return head.ljust(128, b"\0") + table + body


def as_srgb(pixels: np.ndarray, matrix: np.ndarray, gamma: float) -> np.ndarray:
    """Levels (…, 3) of such a profile as levels of sRGB: what any colour-managed program shows."""
    linear = (pixels / 255) ** gamma
    rgb = (linear @ matrix.T @ np.linalg.inv(SRGB).T).clip(0, 1)
    return 255 * np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)
