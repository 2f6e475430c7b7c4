"""Charts that several screens show; plotext draws their axes."""
