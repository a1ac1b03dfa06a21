extension SchemaStep {
  /// Who may call over the network.
  static let accessTables = """
    -- A token is told once and never stored: hash is the SHA-256 of it, in hex.
    -- Rows stay when a token is revoked or has expired, since the audit names them.
    CREATE TABLE tokens(
      token_id TEXT NOT NULL PRIMARY KEY,
      -- an agent's id, or its name where it was not registered when the token was made
      agent TEXT NOT NULL,
      authority INTEGER NOT NULL DEFAULT 0 CHECK(authority BETWEEN 0 AND 255),
      hash TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      revoked_at INTEGER,
      last_used_at INTEGER
    ) STRICT;
    """
}
