"""vLLM inside this process: the same files serve the CUDA build and the CPU build."""
