"""What both are asked. One file for each dialect."""
