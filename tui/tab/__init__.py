"""What tabs share: the base class, the switcher, the context they receive."""
