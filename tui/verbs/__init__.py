"""The verbs: everything the app can do, from a shell. Data on stdout, talk on stderr, real exit codes."""
