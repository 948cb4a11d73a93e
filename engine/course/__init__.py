"""The course: its text and questions, the log of answers, what is due; without a screen or a framework."""
