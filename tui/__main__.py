"""`python -m tui` is the command too."""

from gpt2_explore import command

if __name__ == "__main__":
    command()
