"""A process of its own for what takes seconds to import or cannot be trusted: it streams records, and always ends."""
