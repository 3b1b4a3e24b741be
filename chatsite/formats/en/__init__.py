"""English, as it is read in any country."""
