"""GGUF models on llama.cpp, inside this process."""
