"""All key bindings: one table, one data file per tab, and the user's keymap."""
