"""What lies on disk: folders that change places in one step, locks, what is in use for a while, archives."""
