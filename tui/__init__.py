"""The terminal app and the command line: screens, keys, commands."""
