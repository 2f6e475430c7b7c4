"""The keys of the app: they work on every screen that does not take them itself."""

from __future__ import annotations

from tui.keys.action import Action, KeyTable, command, row

HELP = Action("app.help", "question_mark,f1", "app", "help", "help", "All keys")
PICK = Action("app.pick", "o", "app", "pick", "models", "Open another model")
QUIT = Action("app.quit", "q", "app", "quit", "quit", "Quit")
QUIT_ALWAYS = Action("app.quit-always", "ctrl+q", "app", "quit", "quit", "Quit", priority=True)
INTERRUPT = Action("app.interrupt", "ctrl+c", "app", "interrupt", tooltip="Quit", priority=True)
SUSPEND = Action("app.suspend", "ctrl+z", "app", "suspend_process", tooltip="Back to the shell", priority=True)
COMMANDS = Action("app.commands", "ctrl+p", "app", "commands", tooltip="All commands")

COMMANDS_ROW = row("all commands, and the themes", COMMANDS)
SUSPEND_ROW = command("back to the shell; fg returns", SUSPEND)
QUIT_ROW = command("quit", QUIT, QUIT_ALWAYS, INTERRUPT)

APP_KEYS = KeyTable(
    (
        command("this help", HELP),
        command("open another model (the picker)", PICK),
        COMMANDS_ROW,
        SUSPEND_ROW,
        QUIT_ROW,
    )
)
