"""Loading in the background: what the screen shows meanwhile, and what cancels, fails and breaks."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

from core.checkpoint.errors import CheckpointError
from core.count.tree import build_tree
from core.readers.config_only import process as config_process
from core.text.numbers import exact
from tests.support.checkpoints import gpt2, write
from tests.support.screen import NARROW, PATIENCE, Driver, SlowReaders, load_threads, running
from tui.messages import LoadProgress

LAYER = 7_087_872


def layers(first: int, last: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Some of GPT-2's layers."""
    wanted = tuple(f"transformer.h.{n}." for n in range(first, last + 1))
    return {name: (dtype, tuple(shape)) for name, (dtype, shape) in gpt2().items() if name.startswith(wanted)}


def whole(driver: Driver) -> int:
    """The parameters in the table's last row."""
    (found,) = re.findall(r"^.*Total +[\d.]+ +([\d,]+) ", driver.text, re.MULTILINE)
    return int(found.replace(",", ""))


async def test_totals_grow_on_the_screen_while_it_reads(slow_readers: SlowReaders) -> None:
    reader = slow_readers.add(layers(0, 0), layers(1, 2), layers(3, 7))
    async with running("gpt2") as driver:
        await driver.shows("reading…", "Esc cancels")
        assert "Total " not in driver.text or whole(driver) == 0
        for read, done in ((1, 1), (3, 2), (8, 3)):
            reader.let()
            await driver.shows(f"reading… {done} of 3 shards, {12 * read} tensors", exact(LAYER * read))
            assert whole(driver) == LAYER * read
            assert driver.tree.outline is None
        reader.let()
        await driver.loaded()
        await driver.shows(exact(8 * LAYER))
        assert "h.0–7 ×8" in driver.text


async def test_the_table_has_room_for_what_is_read(slow_readers: SlowReaders) -> None:
    reader = slow_readers.add({"a.attn.weight": ("F32", (30, 10))}, gpt2())
    async with running("gpt2", size=NARROW) as driver:
        reader.let()
        await driver.shows("Attention", "Total")
        reader.let()
        await driver.shows("Attention", "MLP", "Layer norm", "Embedding", "Total")
        await driver.press("escape")
        await driver.shows("cancelled", "Attention", "MLP", "Layer norm", "Embedding", "Total")


async def test_the_chart_grows_with_the_totals(slow_readers: SlowReaders) -> None:
    reader = slow_readers.add({"a.attn.weight": ("F32", (30, 10))}, {"a.mlp.weight": ("F32", (70, 10))})
    async with running("gpt2") as driver:
        reader.let()
        await driver.shows("Attention", "100.00")
        reader.let()
        await driver.shows("30.00", "70.00")


async def test_keys_answer_while_it_reads(slow_readers: SlowReaders) -> None:
    reader = slow_readers.add(layers(0, 3), layers(4, 7))
    async with running("gpt2", size=NARROW) as driver:
        reader.let()
        await driver.shows("1 of 2 shards")
        await driver.press("2")
        await driver.shows("the layers are seen once the tree is built")
        await driver.press("3")
        await driver.shows("biases")
        await driver.press("question_mark")
        await driver.shows("open or close a row")
        await driver.press("escape", "j", "k", "G", "g", "e", "E", "c", "f", "s", "p", "n", "N", "y", "x", "tab", "tab")
        await driver.shows("1 of 2 shards")
        await driver.press("ctrl+p")
        await driver.shows("type to filter")
        await driver.press("escape")
        await driver.press("slash", "x", "enter", "escape", "escape")  # the first closes the filter, the second cancels
        await driver.shows("cancelled")
        assert driver.app.return_value is None


async def test_esc_cancels_and_the_thread_ends(slow_readers: SlowReaders) -> None:
    reader = slow_readers.add(layers(0, 1), layers(2, 3), layers(4, 5))
    async with running("gpt2") as driver:
        reader.let()
        await driver.shows("1 of 3 shards")
        (thread,) = load_threads()
        await driver.press("escape")
        await driver.shows("cancelled; r reads the model again")
        reader.let()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert reader.batches_read == 2, "it reads on after the batch at which it was cancelled"
        await driver.pilot.pause()
        assert driver.status.startswith("cancelled")
        assert whole(driver) == 2 * LAYER
        assert driver.tree.outline is None


async def test_a_cancelled_load_can_be_begun_again(slow_readers: SlowReaders) -> None:
    slow_readers.add(layers(0, 1))
    second = slow_readers.add(layers(0, 11))
    async with running("gpt2") as driver:
        await driver.shows("reading…")
        await driver.press("escape")
        await driver.shows("cancelled")
        await driver.press("r")
        await driver.shows("reading…")
        second.let(2)
        await driver.loaded()
        await driver.shows(exact(12 * LAYER))


async def test_a_second_load_shows_only_its_own_figures(slow_readers: SlowReaders) -> None:
    first = slow_readers.add(layers(0, 4), layers(5, 9))
    second = slow_readers.add({"b.mlp.weight": ("F32", (11, 7))}, {"b.attn.weight": ("F32", (3, 2))})
    async with running("gpt2") as driver:
        first.let()
        await driver.shows(exact(5 * LAYER))
        (thread,) = load_threads()
        await driver.press("r")
        await driver.shows("reading…  Esc")
        assert exact(5 * LAYER) not in driver.text
        assert "Attention" not in driver.text
        first.let(2)
        thread.join(PATIENCE)
        second.let()
        await driver.shows("1 of 2 shards, 1 tensor")
        assert whole(driver) == 77
        second.let(2)
        await driver.loaded()
        await driver.shows("83 parameters")
        assert whole(driver) == 83


async def test_late_messages_of_an_older_load_are_dropped(slow_readers: SlowReaders) -> None:
    first = slow_readers.add(layers(0, 4))
    second = slow_readers.add({"b.mlp.weight": ("F32", (11, 7))})
    late: list[LoadProgress] = []
    async with running("gpt2") as driver:
        take = driver.explorer.model_load.take

        def spy(message: object) -> None:
            if isinstance(message, LoadProgress):
                late.append(message)

        driver.explorer.model_load.take = spy  # type: ignore[method-assign]
        first.let()
        await driver.until(lambda: late)
        driver.explorer.model_load.take = take  # type: ignore[method-assign]
        await driver.press("r")
        second.let()
        await driver.shows("1 tensor ")
        driver.explorer.post_message(late[0])
        await driver.pilot.pause()
        assert whole(driver) == 77


async def test_progress_waiting_is_replaced_by_later_progress_of_the_same_load_only(slow_readers: SlowReaders) -> None:
    first = slow_readers.add(layers(0, 0))
    second = slow_readers.add(layers(0, 1))
    taken: list[LoadProgress] = []
    async with running("gpt2") as driver:
        driver.explorer.model_load.take = taken.append  # type: ignore[method-assign,assignment]
        first.let()
        await driver.until(lambda: taken)
        await driver.press("r")
        second.let()
        await driver.until(lambda: len({message.load_id for message in taken}) == 2)
        one, other = taken[0], taken[-1]
        assert one.can_replace(one)
        assert not one.can_replace(other)


async def test_an_error_leaves_the_program_open(slow_readers: SlowReaders) -> None:
    error = CheckpointError("x/\x1b[31m.safetensors", "its header is [red]cut[/red] short", place="byte 8")
    reader = slow_readers.add(layers(0, 1), error=error)
    again = slow_readers.add(layers(0, 2))
    async with running("gpt2", size=NARROW) as driver:
        reader.let(2)
        await driver.shows(r"gpt2: x/\x1b[31m.safetensors, byte 8: its header is [red]cut[/red] short")
        await driver.press("question_mark")
        await driver.shows("Keys")
        await driver.press("escape", "o")
        await driver.shows("gpt2-xl", "built-in")
        await driver.press("escape")
        await driver.shows("its header is")
        await driver.press("r")
        again.let(2)
        await driver.loaded()
        await driver.shows("h.0–2 ×3")
        assert "cut" not in driver.text


async def test_a_model_that_is_not_there_is_told_and_another_can_be_picked() -> None:
    async with running("./none.safetensors") as driver:
        await driver.shows("there is no such file or folder")
        await driver.press("x", "y")
        assert "no such file" in driver.text
        await driver.press("o")
        await driver.shows("gpt2-xl")
        await driver.press(*"gpt2-large", "enter")
        await driver.loaded()
        await driver.shows("774,030,080")
        assert "no such file" not in driver.text


async def test_a_file_at_fault_is_told_in_a_sentence_with_file_and_reason(tmp_path: Path) -> None:
    path = tmp_path / f"{'long-' * 30}.safetensors"
    path.write_bytes(b"\x10")
    async with running(path, size=NARROW) as driver:
        # A long sentence wraps and is not cut.
        sentence = re.sub(r"\s", "", f"{path}: a file of 1 byte is too short for safetensors")
        await driver.until(lambda: sentence in re.sub(r"\s", "", driver.text))
        await driver.shows("r reads it again, o opens another model")


async def test_a_bug_in_the_loader_ends_the_program(slow_readers: SlowReaders) -> None:
    reader = slow_readers.add(layers(0, 1), error=RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):  # noqa: PT012  # leaving the app raises it again
        async with running("gpt2") as driver:
            reader.let(2)
            await driver.until(lambda: driver.app.failure)
    assert driver.app.return_code == 1
    assert isinstance(driver.app.failure, RuntimeError)


async def test_a_reload_reads_what_the_file_holds_now(tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", {"a.mlp.weight": ("F32", (5, 5))})
    async with running(path) as driver:
        await driver.shows("25 parameters")
        write(path, {"a.mlp.weight": ("F32", (6, 6)), "a.attn.weight": ("F32", (1, 1))})
        await driver.press("r")
        await driver.shows("37 parameters", "Attention")


async def test_many_reloads_at_once_end_in_one_whole_model() -> None:
    async with running("gpt2") as driver:
        await driver.press(*["r"] * 20)
        await driver.loaded()
        await driver.shows("124,439,808", "22.78", "h.0–11 ×12")
    for thread in load_threads():
        thread.join(PATIENCE)
    assert not load_threads()


async def test_leaving_does_not_wait_for_the_load(slow_readers: SlowReaders) -> None:
    slow_readers.add(layers(0, 1))
    async with running("gpt2") as driver:
        await driver.shows("reading…")
        await driver.press("q")
        await driver.until(lambda: not driver.app.is_running or driver.app._exit)
        (thread,) = load_threads()
        assert thread.daemon
        assert thread is not threading.main_thread()


async def test_esc_ends_the_process_that_builds_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    class Building(config_process.BuildingProcess):
        def __exit__(self, *raised: object) -> None:
            super().__exit__(*raised)
            ended.set()

    monkeypatch.setattr("core.readers.config_only.reader.BuildingProcess", Building)
    monkeypatch.setattr(config_process, "_CODE", "import time; time.sleep(600)")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    async with running(tmp_path) as driver:
        await driver.shows("building the model from config.json…  Esc cancels")
        assert not ended.is_set()
        await driver.press("escape")
        await driver.shows("cancelled; r reads the model again")
        assert ended.wait(PATIENCE)
        assert load_threads() == []


async def test_esc_closes_the_filter_first_and_never_cancels_what_is_counted(
    slow_readers: SlowReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = slow_readers.add(layers(0, 1))
    building, go_on = threading.Event(), threading.Event()

    def slow_tree(*arguments: Any) -> Any:
        building.set()
        assert go_on.wait(PATIENCE)
        return build_tree(*arguments)

    monkeypatch.setattr("tui.load.build_tree", slow_tree)
    async with running("gpt2") as driver:
        await driver.press("o")
        await driver.shows("gpt2-xl")
        await driver.press("escape", "slash", "x")
        await driver.press("escape")
        assert "cancelled" not in driver.text
        reader.let(2)
        await driver.until(building.is_set)
        await driver.until(lambda: driver.explorer.count)
        await driver.press("escape")
        go_on.set()
        await driver.until(lambda: driver.app._exit)
        assert driver.app.return_value == 0
