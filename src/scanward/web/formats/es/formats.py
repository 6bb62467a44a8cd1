"""Spanish as people in the United States and Mexico write it: 1,234.5 and 3:05 p.m., and months in words."""

DATE_FORMAT = r"j \d\e F \d\e Y"
TIME_FORMAT = "g:i a"
DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i a"
# A number for the month is read in two ways on this continent; a word is not.
SHORT_DATE_FORMAT = r"j \d\e M \d\e Y"
SHORT_DATETIME_FORMAT = r"j \d\e M \d\e Y, g:i a"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
