"""Methods against an adversary: a discriminator of domains, or a second head."""
