"""The REPL tab: talking to trained language models."""
