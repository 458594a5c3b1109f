"""What people who deploy for real type besides: is the account ready, what is newer than the pins, and the move to another tier.

What looks changes nothing in AWS; the move makes the calls that it names, and no other.
"""
