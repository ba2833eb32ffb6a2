"""Floor 8: the command line. One file a group of commands; `app` holds them together."""
