-- Signing in ignores the case of an e-mail address.
CREATE INDEX users_email_lower_idx ON users (lower(email));
