"""A judge of what leaves: written from the documents and the limits file, without a line of the guard."""
