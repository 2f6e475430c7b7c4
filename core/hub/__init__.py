"""The Hugging Face hub: ids, its local cache, headers by ranges, what can go wrong on the way."""
