-- Refusals that pass: they neither count nor bar, and end by themselves.
ALTER TABLE cloud.job_failure DROP CONSTRAINT job_failure_kind_check;
ALTER TABLE cloud.job_failure ADD CHECK (kind IN ('expired', 'failed', 'refused', 'wrong', 'stopping', 'passing'));
ALTER TABLE cloud.job_failure ADD COLUMN code text;
ALTER TABLE cloud.job_failure ADD COLUMN until timestamptz;

-- Why the last worker gave the job back: its owner is told.
ALTER TABLE cloud.job ADD COLUMN given_back_code text;
ALTER TABLE cloud.job ADD COLUMN given_back_message text;

-- Pauses of a worker: of all work, and of a lane's jobs from a price on. pauses: those in a row, each longer than the one before.
ALTER TABLE cloud.worker ADD COLUMN pauses integer NOT NULL DEFAULT 0;
ALTER TABLE cloud.worker ADD COLUMN paused_until timestamptz;
ALTER TABLE cloud.worker ADD COLUMN lane_paused_until timestamptz;
ALTER TABLE cloud.worker ADD COLUMN lane_paused_price numeric(78);

-- Claims look at the jobs of one worker, or of one model, and at nothing else.
CREATE INDEX job_wanted ON cloud.job (wanted, place) WHERE status = 'queued' AND rail = 'direct';
CREATE INDEX job_of_model ON cloud.job (model_id, place) WHERE status = 'queued' AND rail = 'gateway';
CREATE INDEX job_of_worker ON cloud.job (worker) WHERE status IN ('claimed', 'running');
CREATE INDEX job_of_lane ON cloud.job (lane_id) WHERE status IN ('claimed', 'running');
CREATE INDEX job_waiting ON cloud.job (queued_at) WHERE status = 'queued' AND rail = 'gateway';
