"""The blueprints, in a running Home Assistant with a simulated miner."""
