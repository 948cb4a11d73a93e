"""Tests of the checkpoints: crashes, damage, full disks and exact resumes."""
