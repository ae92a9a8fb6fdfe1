-- The request that made a job, by its account and Idempotency-Key: a repetition finds the job. body_hash: sha256 of its body.
ALTER TABLE cloud.job ADD COLUMN submitter text;
ALTER TABLE cloud.job ADD COLUMN idempotency_key text;
ALTER TABLE cloud.job ADD COLUMN body_hash bytea;
CREATE UNIQUE INDEX job_submission ON cloud.job (submitter, idempotency_key) WHERE idempotency_key IS NOT NULL;
