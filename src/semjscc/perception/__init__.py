"""The vision model at the receiver: the contract, three small classifiers, a user's own."""
