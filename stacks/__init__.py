"""The stacks of the three tiers and the parts they are made of."""
