"""Scripts that write small logs with the real libraries of today: `make peers`."""
