"""The engine: everything that runs, and the words it shares with everything that looks."""
