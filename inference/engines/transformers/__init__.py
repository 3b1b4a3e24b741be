"""Hugging Face Transformers inside this process, with its own continuous batching."""
