"""The metadata of a checkpoint's files, read whole: a page at a time, from where the count found them."""
