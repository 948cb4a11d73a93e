"""The river, whole: real commands, a real service, real keepers, real workers."""
