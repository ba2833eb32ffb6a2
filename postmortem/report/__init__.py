"""Floor 7: run the notebooks of a quarter, take their results, and make the pages people read; a room for each."""
