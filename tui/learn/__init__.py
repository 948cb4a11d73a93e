"""The Learn tab: what is due today, lectures, aids, words and exams."""
