"""The widgets of the app, one noun per file."""
