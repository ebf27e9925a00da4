"""What an attacker tries from outside, one file for each class of attack; docs/security.md says what is promised."""
