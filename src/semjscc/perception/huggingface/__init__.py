"""Models of Hugging Face transformers: their files, themselves, and what they want of images."""
