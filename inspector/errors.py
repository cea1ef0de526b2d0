"""Every way a run can end badly, each with one plain sentence, a hint and an exit code.

The command line prints ``message`` and ``hint`` and exits with ``exit_code``; nothing else in the
package decides how an error looks.
"""

from __future__ import annotations


class InspectorError(Exception):
    """A failure that was foreseen.

    Parameters
    ----------
    message:
        One sentence that says what is wrong and where.
    hint:
        One sentence that says what to do about it.
    """

    exit_code = 70

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[InspectorError], tuple[str, str]]:
        """Take the hint along where an error is sent to another process."""
        return type(self), (self.message, self.hint)


class InputError(InspectorError):
    """The text, the table or the options cannot be used as given."""

    exit_code = 2


class ModelError(InspectorError):
    """The model is unavailable, damaged or of a kind that cannot be inspected."""

    exit_code = 3


class NeedsRealModel(ModelError):  # noqa: N818 - it is a question passed on, not yet an error
    """Our own forward cannot run the checkpoint: only the real model can."""


class MachineError(InspectorError):
    """The machine refused: permission, disk space or memory."""

    exit_code = 4
