"""Plans: hold, the site's rules, and the search over the twin."""
