"""Tables: those of parquet files, and of data sets of the Hugging Face hub."""
