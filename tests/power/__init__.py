"""Tests of the power model, which does not depend on Home Assistant."""
