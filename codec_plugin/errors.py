"""What can go wrong, as one family: every message says what was expected, what came, what to do."""


class CodecError(Exception):
    """Base of every error that a user's input can cause; the CLI prints it and exits 2."""


class ConfigError(CodecError):
    """A setting that does not exist or cannot work."""


class ImageError(CodecError):
    """A picture that cannot be read or is outside the limits."""


class CheckpointError(CodecError):
    """A checkpoint that cannot be found or trusted."""


class HierarchyMismatchError(CodecError):
    """A label map, classifier or checkpoint that do not belong together."""


class ClassifierError(CodecError):
    """A classifier that is unknown, or whose weights or input do not fit."""


class DataError(CodecError):
    """A folder of photographs, a shard or a table of labels or results that cannot be used."""


class TrainingError(CodecError):
    """A training run that cannot start, resume or go on."""


class BitstreamError(CodecError):
    """The bytes are not a stream this decoder can trust."""


class BlockDamagedError(BitstreamError):
    """The check of one stage fails: its bytes are not those that were written."""

    def __init__(self, stage: int, expected: int, found: int) -> None:
        self.stage = stage
        super().__init__(
            f"stage {stage + 1}: check {found:08x}, the header says {expected:08x}; "
            f"only the {stage} stages before it can be trusted"
        )
