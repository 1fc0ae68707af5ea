//! Items and their formats: import, validation, duplicates, the bank index.
