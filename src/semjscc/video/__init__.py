"""Moving pictures over a link: frames from a file, folder or camera, and a file of what arrives."""
