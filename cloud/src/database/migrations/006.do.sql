-- What the gateway promised to pay at most, AIPG wei, beside the images: of an account ('0x...'), of an address that requests come
-- from ('from ...'), and of all ('everybody').
ALTER TABLE cloud.quota ADD COLUMN spent numeric(78) NOT NULL DEFAULT 0;

-- Of a gateway job: what it may cost at most, and the rows of cloud.quota that count it. charged_to is null once the difference to what
-- it cost was given back.
ALTER TABLE cloud.job ADD COLUMN max_price numeric(78);
ALTER TABLE cloud.job ADD COLUMN charged_to text[];
CREATE INDEX job_charged ON cloud.job (status) WHERE charged_to IS NOT NULL;
-- Jobs of before: at the default rate, in no row.
UPDATE cloud.job SET max_price = div(pixels::numeric * steps * count * 20000000000000000 + 999999, 1000000)
  WHERE rail = 'gateway' AND status IN ('queued', 'claimed', 'running');

-- Why a queued job can't be handed out to the worker whose turn it is: its owner is told.
ALTER TABLE cloud.job ADD COLUMN waiting_code text;
ALTER TABLE cloud.job ADD COLUMN waiting_message text;
CREATE INDEX job_told ON cloud.job (queued_at) WHERE status = 'queued' AND waiting_code IS NOT NULL;

-- wanted_at: when a job last needed the lane. resting: it gets no jobs, because it was idle and its money goes back to the account.
ALTER TABLE cloud.lane ADD COLUMN wanted_at timestamptz;
ALTER TABLE cloud.lane ADD COLUMN resting boolean NOT NULL DEFAULT false;
-- One lane at a time is about to be opened to a worker. A second one of before was never opened.
UPDATE cloud.lane l SET state = 'closed' WHERE state = 'opening' AND EXISTS (
  SELECT FROM cloud.lane other WHERE other.state = 'opening' AND other.worker = l.worker AND other.payer = l.payer
    AND other.payer_signer = l.payer_signer AND other.lane_id > l.lane_id);
CREATE UNIQUE INDEX lane_opening ON cloud.lane (payer, payer_signer, worker) WHERE state = 'opening';

-- The gateway's hot keys, each with its own word that it works for the account: the treasury registers those that it was told.
CREATE TABLE cloud.signer_proof (
  account text NOT NULL,
  role integer NOT NULL,
  signer text NOT NULL,
  deadline bigint NOT NULL,
  proof text NOT NULL,
  PRIMARY KEY (account, role, signer)
);
