"""Tests of what users see: Home Assistant's own interface in Chromium."""
