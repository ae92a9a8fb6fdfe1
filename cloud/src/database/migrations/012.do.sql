-- Pause of an offer: no gateway jobs of this work (pixels, steps, images) or more, for which the worker had no time. pauses: those in a
-- row, each longer than the one before.
ALTER TABLE cloud.offer ADD COLUMN paused_until timestamptz;
ALTER TABLE cloud.offer ADD COLUMN paused_work numeric(78);
ALTER TABLE cloud.offer ADD COLUMN pauses integer NOT NULL DEFAULT 0;
