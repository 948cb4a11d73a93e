"""The course: its text, its questions, the log of answers and what is due; without a screen or a framework."""
