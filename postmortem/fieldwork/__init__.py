"""Floor 7: what people are given to fill in: deal reviews, interview plans and guesses."""
