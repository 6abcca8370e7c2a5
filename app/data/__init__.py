"""What the pages show: label maps, results, studies and uploads, read and kept."""
