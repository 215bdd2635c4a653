"""Tests of what decides about power, which knows nothing of Home Assistant."""
