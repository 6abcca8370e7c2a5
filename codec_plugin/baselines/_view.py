"""Another behaviour over the same weights."""

from codec_plugin.models.progressive import ProgressiveModel

__all__ = ["view"]


def view(kind: type[ProgressiveModel], model: ProgressiveModel) -> ProgressiveModel:
    """`model` seen as a `kind`: the same parameters, mode and buffers, another forward.

    The two share their state for good: training one trains the other.
    """
    if kind is type(model):
        return model
    seen = kind.__new__(kind)
    object.__setattr__(seen, "__dict__", model.__dict__)
    return seen
