"""Tables as people have them: CSV and Parquet files and data frames, their columns typed, and made into numbers."""
