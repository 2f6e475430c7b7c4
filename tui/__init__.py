"""The command and the screen of gpt2-explore."""
