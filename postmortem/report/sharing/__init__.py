"""What leaves the house: what is taken out for whom, what is searched for, and who was given what."""
