"""The memory and time that one file may take, whoever spends them: one budget for all that is made of it."""

from __future__ import annotations

MIN_MEMORY_BYTES = 224 << 20
"""What a file of any length may take."""
MEMORY_PER_FILE_BYTE = 20
"""Bytes for each byte of a longer file: a tensor takes some 110 of its bytes, and up to 2 kB until it is counted."""
MIN_STEPS = 8_000_000
"""Opcodes and visits of entries that a file of any length may take; some three seconds."""
FILE_BYTES_PER_STEP = 2
"""Of a longer file; a tensor takes some 30 opcodes, and is visited some three times."""
SLOT_BYTES = 8
"""What a step takes on the stack or in the memo."""

TEXT_BYTES = 56
"""What a text takes beside its characters."""
ENTRY_BYTES = 104
"""What an entry takes in a dict or a set, while that is made larger, too."""


class OverBudgetError(Exception):
    """A file would take more than it may."""


class Budget:
    """What one file may still take.

    Attributes:
        steps: opcodes and visits so far; each takes a slot of memory as well.
        max_steps: how many there may be.
    """

    __slots__ = ("_earned", "_freed_slots", "_max_memory", "_spent", "max_steps", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.max_steps = MIN_STEPS
        self._earned = 0
        self._freed_slots = 0
        self._spent = 0
        self._max_memory = MIN_MEMORY_BYTES

    def earn(self, file_bytes: int) -> None:
        """Counts bytes that were read of the file, as they are stored: of a longer file more may be made."""
        self._earned += file_bytes
        self._max_memory = max(MIN_MEMORY_BYTES, MEMORY_PER_FILE_BYTE * self._earned)
        self.max_steps = max(MIN_STEPS, self._earned // FILE_BYTES_PER_STEP)

    def spend(self, size: int) -> None:
        """Counts bytes that something is about to take, or takes since just now.

        Raises:
            OverBudgetError: where that is more than is allowed.
        """
        self._spent += size
        if self._spent + SLOT_BYTES * (self.steps - self._freed_slots) > self._max_memory:
            raise OverBudgetError

    def give_back(self, size: int) -> None:
        """Counts bytes that are free again."""
        self._spent -= size

    def free_slots(self) -> None:
        """Counts the slots of all steps so far as free: stack and memo are gone."""
        self._freed_slots = self.steps

    def step(self, count: int = 1) -> None:
        """Counts steps that are about to be gone.

        Raises:
            OverBudgetError: where those are more than are allowed.
        """
        self.steps += count
        if self.steps > self.max_steps:
            raise OverBudgetError
