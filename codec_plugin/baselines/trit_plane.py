"""Trit-planes: a single-rate latent, digit by digit, the best gain a bit first."""

from functools import partial

from codec_plugin.baselines._plane_codec import PlaneCodec
from codec_plugin.baselines._trits import TritTable
from codec_plugin.baselines.registry import Method
from codec_plugin.baselines.single_rate import ONE_RATE, one_block

__all__ = ["METHODS", "gain_first"]


def gain_first(table: TritTable, plane: int, index: int, bin_: int) -> int:
    """Rank of a run: largest expected fall of the error per bit first."""
    return -table.priority(plane, bin_)


METHODS = (
    Method(
        name="trit-plane",
        source="Lee et al. 2022, DPICT: Deep progressive image compression using trit-planes "
        "(CVPR)",
        idea="digits of base three, plane after plane; in a plane by expected error per bit",
        departures=(
            "priorities are computed in integers per table and bin; the elements of a narrow "
            "table join at a lower plane; no post-processing networks. Trained as single-rate is"
        ),
        convert=one_block,
        overrides=ONE_RATE,
        codec=partial(PlaneCodec, rank=gain_first),
        trained_as="single-rate",
    ),
)
