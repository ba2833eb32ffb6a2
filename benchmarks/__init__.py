"""What the toolkit costs beside its alternatives, and how often its answers are right. Nothing here is shipped."""
