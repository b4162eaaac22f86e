"""Folders of images, and those that a COCO file describes."""
