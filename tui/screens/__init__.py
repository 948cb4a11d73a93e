"""The dialogs that lie over the tabs."""
