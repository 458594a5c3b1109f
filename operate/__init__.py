"""What people who deploy for real ask before they do: is the account ready, and what is newer than the pins?

Everything here looks and tells; nothing changes anything in AWS.
"""
