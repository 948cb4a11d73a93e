"""The terminal: input and output driver, repainting, colours, capabilities, clipboard, exit."""
