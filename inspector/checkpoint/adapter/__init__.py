"""peft's adapters: small changes to the weights of a base model, merged into a folder of ours."""
