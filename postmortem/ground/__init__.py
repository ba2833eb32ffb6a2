"""Floor 0: what everything else stands on. Knows no deals, draws no charts."""
