-- The worker's signature that closed a direct order with fewer receipts than images; the job is done with just those.
ALTER TABLE cloud.job ADD COLUMN closing_signature text;
