"""Tests of the data sets: bad files, bad mirrors, the real thing."""
