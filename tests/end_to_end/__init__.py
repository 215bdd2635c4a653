"""End-to-end tests of the integration with the simulator and real miners."""
