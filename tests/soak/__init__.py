"""Long runs with faults and commands by chance."""
