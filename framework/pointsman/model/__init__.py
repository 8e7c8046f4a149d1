"""The nouns: frozen values, made of the standard library only, with no clock."""
