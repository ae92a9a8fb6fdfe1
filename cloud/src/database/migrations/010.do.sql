-- When a worker last completed a job, or failed at one: since then it may be at the next one.
ALTER TABLE cloud.worker ADD COLUMN ended_at timestamptz;
