"""Linear coding of images, without training: block transform, known spectrum, power allocation."""
