"""GGUF files, as llama.cpp writes them: read, dequantised, and kept as a folder of our own."""
