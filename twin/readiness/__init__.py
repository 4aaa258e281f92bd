"""What a site has shown in shadow and in advice, and which step up the ladder that is enough for."""
