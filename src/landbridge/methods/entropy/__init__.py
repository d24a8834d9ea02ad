"""Methods that ask for certain and diverse answers on the target."""
