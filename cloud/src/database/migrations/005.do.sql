-- Nonces outlive their jobs: a job that ended without a result is deleted one day, and its order is refused as before.
ALTER TABLE cloud.order_nonce DROP CONSTRAINT order_nonce_job_id_fkey;
ALTER TABLE cloud.order_nonce ALTER COLUMN job_id DROP NOT NULL;
ALTER TABLE cloud.order_nonce ADD FOREIGN KEY (job_id) REFERENCES cloud.job ON DELETE SET NULL;
CREATE INDEX ON cloud.order_nonce (job_id);

-- Ended jobs by their end, for those that are kept long enough.
CREATE INDEX job_ended ON cloud.job (finished_at) WHERE status IN ('failed', 'cancelled');

-- Since when a picture waits to be looked at by whoever deletes old ones; infinity for those that are kept for ever.
ALTER TABLE cloud.picture ADD COLUMN look_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX ON cloud.picture (look_at) WHERE look_at < 'infinity';

-- Blocks whose rows are gone, until their files are.
CREATE TABLE cloud.swept_block (cid text PRIMARY KEY);

-- Pictures with a block that is missing or damaged, until somebody hands in another copy.
CREATE TABLE cloud.wanted_picture (
  cid text PRIMARY KEY REFERENCES cloud.picture ON DELETE CASCADE,
  since timestamptz NOT NULL DEFAULT now()
);
