"""Tests of the API client, which does not depend on Home Assistant."""
