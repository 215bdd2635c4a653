"""Home Assistant killed at any moment, and with a disk that is full."""
