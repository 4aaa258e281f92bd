"""Everything that wants something from the facility: deciding, guarding, publishing."""
