"""The REPL tab: prompts to trained language models."""
