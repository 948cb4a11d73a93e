"""The client: what the app, the commands and other programs may ask of the engine, and how it is started."""
