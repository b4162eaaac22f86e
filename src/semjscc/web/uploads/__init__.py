"""What people bring to the page: checked, made small, and kept private."""
