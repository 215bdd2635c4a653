"""What the miner's API does, shown on the simulator and on the real miner."""
