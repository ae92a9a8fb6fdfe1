-- Whom a quote was for, besides its payer: anybody may ask for quotes in a payer's name, and shall not use up its nonces.
DROP TABLE cloud.quoted_nonce;
CREATE TABLE cloud.quoted_nonce (
  payer text NOT NULL,
  caller text NOT NULL,
  nonce numeric(78) NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (payer, caller, nonce)
);
CREATE INDEX ON cloud.quoted_nonce (expires_at);

-- Rows of blocks come before the blocks themselves. Those that no picture came of are swept by their age.
ALTER TABLE cloud.picture_block ADD COLUMN added_at timestamptz NOT NULL DEFAULT now();

ALTER TABLE cloud.job_failure DROP CONSTRAINT job_failure_kind_check;
ALTER TABLE cloud.job_failure ADD CHECK (kind IN ('expired', 'failed', 'refused', 'wrong', 'stopping'));
