"""Dialogs over the tabs: launch form, prompts, choices, help."""
