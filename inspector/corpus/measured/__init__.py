"""What is measured of a sentence beside what the streamed sums are of."""
