"""The pages people read, made of results: blocks, pages, the front page, what people write into them."""
