"""What the app knows of the engine: the connection, histories of runs, actions, texts."""
