"""What the scripts share: reading run folders, statistics, drawing."""
