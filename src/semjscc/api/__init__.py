"""The public surface: what `semjscc` itself offers, with the words of the command line."""
