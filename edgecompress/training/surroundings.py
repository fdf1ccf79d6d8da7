"""What a training needs to know of the run that it is part of."""

from pathlib import Path
from typing import Protocol

from edgecompress.core.progress import Progress
from edgecompress.core.ranks import Ranks


class Surroundings(Protocol):
    """The run around a training; a StageContext is one."""

    @property
    def scratch(self) -> Path:
        """Survives a kill, and is shared by all processes."""

    @property
    def seed(self) -> int:
        """Of the recipe."""

    @property
    def threads(self) -> int:
        """How many this process may use."""

    @property
    def progress(self) -> Progress:
        """Who listens."""

    @property
    def ranks(self) -> Ranks:
        """The processes that share the training."""
