"""How numbers and times are written where Django's own way is not that of a hospital in the United States."""
