"""TLS in the box: the certificate store, the policies and the modes."""
