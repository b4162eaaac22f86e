"""Codecs as ONNX files, for boards that have no torch: networks, calibration, and who runs them."""
