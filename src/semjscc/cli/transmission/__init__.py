"""Images and moving pictures over a link."""
