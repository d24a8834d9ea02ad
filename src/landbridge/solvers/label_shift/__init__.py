"""The target's class shares, where classes look as they did."""
