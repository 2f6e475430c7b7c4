"""A pickle machine that builds plain values and inert stand-ins, and never imports, calls or hashes what it reads.

It is bounded in memory and time by its budget; what each opcode does stands in `core.readers.unpickle.opcodes`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from core.readers.unpickle.budget import Budget, OverBudgetError
from core.readers.unpickle.byte_source import PickleBytes
from core.readers.unpickle.globals import Builders
from core.readers.unpickle.opcodes import OPCODES, STOP
from core.readers.unpickle.state import PickleState
from core.readers.unpickle.values import Damaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class PickleMachine:
    """Reads one pickle, or several that follow each other."""

    def __init__(
        self,
        source: PickleBytes,
        file: str,
        builders: Builders,
        persistent: Callable[[object], object] | None = None,
    ) -> None:
        """
        Args:
            source: the pickle's bytes.
            file: what an error calls the file.
            builders: which globals build something, and what.
            persistent: gives the object that a persistent id means; None where there may be none.
        """
        self._state = PickleState(source, file, builders, persistent)

    @property
    def unbuilt(self) -> list[str]:
        """Classes and functions that were called for and not built, in their order."""
        return list(self._state.unbuilt)

    @property
    def budget(self) -> Budget:
        """What may still be made of the file."""
        return self._state.budget

    def load(self) -> Any:
        """The value of the next pickle.

        Raises:
            CheckpointError: where it is damaged, beyond the bounds, or names what no checkpoint needs.
        """
        self._state.clear()
        source = self._state.source
        try:
            return self._run()
        except OverBudgetError as error:
            raise source.fault(
                "its pickle holds more objects than a checkpoint's names and shapes take",
                "load it with what wrote it, and save its state dict as safetensors",
            ) from error
        except Damaged as error:
            raise source.fault(str(error)) from error
        except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, struct.error) as error:
            raise source.fault("the pickle is damaged") from error
        finally:
            self._state.clear()
            self.budget.free_slots()

    def _run(self) -> Any:
        """Goes from opcode to opcode up to the end of the pickle."""
        state, opcodes = self._state, OPCODES
        source, budget = state.source, state.budget
        while True:
            at = source.at
            if at >= len(source.buffer):
                source.refill()
                at = 0
            source.at = at + 1
            # Not by `Budget.step`: a call for each opcode would take a tenth of the time.
            budget.steps += 1
            if budget.steps > budget.max_steps:
                raise OverBudgetError
            code = source.buffer[at]
            if code == STOP:
                return state.stack.pop()
            opcodes[code](state)
