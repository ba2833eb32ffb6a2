"""What a report stands on and is compared by: its record, its manifest, pre-flight, and what moved since the last."""
