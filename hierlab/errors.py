"""What can go wrong, as one family: every message says what was expected, what came, what to do."""


class HierlabError(Exception):
    """Base of every error that a user's input can cause; the CLI prints it and exits 2."""


class LabelMapError(HierlabError):
    """A label map file that cannot be trusted; the message starts with the path of the field."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}")


class ClassListError(HierlabError):
    """A list of classes that cannot be used as it is."""


class UnknownClassError(HierlabError):
    """A class that the taxonomy or the label map does not have."""


class PrototypeError(HierlabError):
    """Vectors or a similarity table that do not fit the classes, or cannot be had here."""


class BuilderError(HierlabError):
    """A request that no partition can satisfy, or a method that does not exist."""


class TaxonomyError(HierlabError):
    """WordNet is missing or does not hold what was asked for."""


class FormatError(HierlabError):
    """A foreign file that cannot be read as the format it was said to be."""


class StudyError(HierlabError):
    """A study that cannot be run, resumed or reported."""


class MissingExtraError(HierlabError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed; "
            f"run: pip install 'hierlab[{extra}]'"
        )
