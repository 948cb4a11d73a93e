"""What tabs share: the protocol, the switcher, the context they get."""
