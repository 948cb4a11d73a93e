"""Fakes of the engine, its client and sessions, and experiments that misbehave on purpose."""
