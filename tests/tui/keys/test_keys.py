"""Keys are declared once: what is bound, shown and helped with comes from the tables, and from nowhere else."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import tui
from core.text.width import cells
from tests.support.screen import exploring
from tui.app import ExploreApp
from tui.dialogs.help import HelpScreen
from tui.keys.action import Action, HelpRow, Hint, KeyTable, key_name
from tui.keys.app import APP_KEYS
from tui.keys.comparison import COMPARISON_FOOTER, COMPARISON_KEYS
from tui.keys.dialogs import DIALOG_KEYS, METADATA_FOOTER, VALUE_FOOTER
from tui.keys.explorer import EXPLORER_FOOTER, EXPLORER_KEYS, FACTS_FOOTER, FAILED_FOOTER
from tui.keys.picker import ADDING_FOOTER, PICKER_FOOTER, PICKER_KEYS

TABLES = {
    "app": APP_KEYS,
    "explorer": EXPLORER_KEYS,
    "comparison": COMPARISON_KEYS,
    "picker": PICKER_KEYS,
    "dialogs": DIALOG_KEYS,
}
ACTIONS = list(dict.fromkeys(action for table in TABLES.values() for action in table.actions))


def classes() -> Iterator[type[DOMNode]]:
    """All classes of this program that can have bindings."""
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        for found in vars(importlib.import_module(module.name)).values():
            if isinstance(found, type) and issubclass(found, DOMNode) and found.__module__ == module.name:
                yield found


def test_ids_are_unique() -> None:
    counts = Counter(action.id for action in ACTIONS)
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_binding_comes_from_a_table_and_every_action_is_bound() -> None:
    by_id = {action.id: action for action in ACTIONS}
    bound = set()
    for owner in classes():
        for binding in vars(owner).get("BINDINGS", []):
            assert isinstance(binding, Binding), owner
            assert binding.id, f"{owner.__name__} binds {binding.key} by itself"
            assert binding == by_id[binding.id].binding()
            bound.add(binding.id)
    assert {action.id for action in ACTIONS if action.keys and action.on} == bound


@pytest.mark.parametrize(
    ("table", "footers"),
    [
        (EXPLORER_KEYS, [EXPLORER_FOOTER, FACTS_FOOTER, FAILED_FOOTER]),
        (COMPARISON_KEYS, [COMPARISON_FOOTER]),
        (PICKER_KEYS, [PICKER_FOOTER, ADDING_FOOTER]),
    ],
    ids=["explorer", "comparison", "picker"],
)
def test_every_key_is_in_the_footer_or_in_the_help(table: KeyTable, footers: list[tuple[Hint, ...]]) -> None:
    told = {hint.key for footer in footers for hint in footer}
    for row in table.rows:
        told |= set(row.keys.split()) | set(row.does.replace(",", " ").replace(";", " ").split())
    bound = {name for action in table.actions for name in action.key_names}
    assert bound - told == set()


@pytest.mark.parametrize("name", ["explorer", "comparison", "picker", "app"])
def test_keys_that_are_arranged_by_hand_are_those_of_the_actions(name: str) -> None:
    for row in TABLES[name].rows:
        if row.named and row.actions:
            bound = {key for action in row.actions for key in action.key_names}
            assert set(row.named.split()) <= bound, row.does


def test_no_key_means_two_things_at_one_place() -> None:
    for name, table in TABLES.items():
        counts = Counter((action.on, key) for action in table.actions for key in action.keys.split(",") if key)
        twice = [place for place, count in counts.items() if count > 1 and place[0]]
        assert twice == [], name


def test_every_click_and_command_names_a_method_that_is_there() -> None:
    methods = {name for owner in classes() for name in dir(owner) if name.startswith("action_")}
    rows: list[HelpRow] = [row for table in TABLES.values() for row in table.rows]
    targets = {row.command.target for row in rows if row.command}
    footers = (EXPLORER_FOOTER, FACTS_FOOTER, FAILED_FOOTER, COMPARISON_FOOTER, PICKER_FOOTER, ADDING_FOOTER)
    dialogs = (METADATA_FOOTER, VALUE_FOOTER)
    targets |= {hint.target for footer in (*footers, *dialogs) for hint in footer}
    for target in targets:
        where, _, method = target.partition(".")
        assert where in {"app", "screen", "tree"}, target
        assert f"action_{method.partition('(')[0]}" in methods, target


def test_rows_fit_the_help_and_the_list_of_commands() -> None:
    for table in TABLES.values():
        for row in table.rows:
            if table is not DIALOG_KEYS:
                assert cells(row.keys) < 18
            assert len(row.does) <= (52 if row.command else 56)


@pytest.mark.parametrize(
    ("key", "name"),
    [("f", "f"), ("G", "G"), ("ctrl+q", "Ctrl+Q"), ("shift+tab", "Shift+Tab"), ("pageup", "PgUp"), ("f1", "F1")],
)
def test_keys_have_the_names_that_people_give_them(key: str, name: str) -> None:
    assert key_name(key) == name


def test_an_action_tells_where_it_runs() -> None:
    assert Action("a.b", "x", "tree", "move(1)").target == "tree.move(1)"
    assert Action("a.b", "x", "right", "screen.fold").target == "screen.fold"


async def test_a_key_map_reaches_every_action_by_its_id() -> None:
    async with exploring("gpt2") as driver:
        assert isinstance(driver.app, ExploreApp)
        driver.app.set_keymap({"explorer.sort": "u", "app.help": "f5", "tree.expand-all": "ctrl+e"})
        await driver.press("s")
        assert not driver.outline.by_size
        await driver.press("u")
        assert driver.outline.by_size
        await driver.press("ctrl+e")
        assert len(driver.labels) > 200
        await driver.press("f5")
        await driver.until(lambda: isinstance(driver.app.screen, HelpScreen))
