"""The command line: everything the app can do, from a shell. Data on stdout, messages on stderr, exit codes."""
