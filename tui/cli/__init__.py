"""The command line: all that the app can do, from a shell. Data on stdout, messages on stderr, exit codes."""
