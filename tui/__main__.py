"""`python -m tui` is the command too."""

import os


def command() -> None:
    """The installed command, which Ctrl+C ends in silence while its modules are still being imported, too."""
    try:
        from tui.cli import command as run

        run()
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    command()
