"""Networks in ONNX files: the settings beside them, the session that runs them, what they say."""
