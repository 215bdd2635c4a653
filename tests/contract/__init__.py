"""The contract of the miner's API, for the simulator and the real miner."""
