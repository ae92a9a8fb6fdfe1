-- Ends a statement, and undoes it, when what it was to rely on is not so.
CREATE FUNCTION cloud.insist(is_so boolean, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF is_so IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'GR001', MESSAGE = what;
  END IF;
END $$;

-- Grows with each claim. A claim that waited for another one of the same worker has looked too early, and looks again.
ALTER TABLE cloud.worker ADD COLUMN claims bigint NOT NULL DEFAULT 0;

-- Width and height must be multiples of this. Workers that say nothing take what the API takes.
ALTER TABLE cloud.offer ADD COLUMN side_step integer NOT NULL DEFAULT 8;

-- Furthest that its worker came under this lease, images before steps, and when it came there.
ALTER TABLE cloud.job ADD COLUMN furthest bigint NOT NULL DEFAULT 0;
ALTER TABLE cloud.job ADD COLUMN progressed_at timestamptz;

-- A claim reads a model's jobs in their order and stops at the first. With one of these indexes the planner read all that waits instead.
-- The new condition holds for every job of the gateway, and keeps the index for those who look for what waited too long.
DROP INDEX cloud.job_waiting;
CREATE INDEX job_waiting ON cloud.job (queued_at) WHERE status = 'queued' AND rail = 'gateway' AND wanted IS NULL;
DROP INDEX cloud.job_queue;
-- Nobody looks for a job by its order; and each heartbeat moved its job's entry among the leases.
DROP INDEX cloud.job_order_hash_idx;
DROP INDEX cloud.job_leases;
