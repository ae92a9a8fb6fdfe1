-- Addresses and hashes are lower-case hex text, amounts and ids numeric(78), messages JSON as on the wire.

CREATE TABLE cloud.sign_in_nonce (
  nonce text PRIMARY KEY,
  expires_at timestamptz NOT NULL
);

CREATE TABLE cloud.session (
  token_hash bytea PRIMARY KEY,
  account text NOT NULL,
  worker text,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX ON cloud.session (expires_at);

-- Workers, as they say and as they did.
CREATE TABLE cloud.worker (
  worker text PRIMARY KEY,
  software text NOT NULL,
  parallel integer NOT NULL,
  last_seen timestamptz NOT NULL DEFAULT now(),
  jobs_done integer NOT NULL DEFAULT 0,
  strikes integer NOT NULL DEFAULT 0,
  last_strike_at timestamptz,
  blocked_until timestamptz
);

CREATE TABLE cloud.offer (
  worker text NOT NULL REFERENCES cloud.worker ON DELETE CASCADE,
  model_id numeric(78) NOT NULL,
  model_hash text NOT NULL,
  rate numeric(78) NOT NULL,
  -- A quote stands for some minutes: the rate of before still counts for as long.
  previous_rate numeric(78),
  rate_changed_at timestamptz,
  samplers text[] NOT NULL,
  schedulers text[] NOT NULL,
  max_pixels bigint NOT NULL,
  max_steps integer NOT NULL,
  max_count integer NOT NULL,
  defaults jsonb,
  PRIMARY KEY (worker, model_id)
);
CREATE INDEX ON cloud.offer (model_id);

CREATE TABLE cloud.job (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  place bigint GENERATED ALWAYS AS IDENTITY,
  -- Grows with every change, for readers that were told only that something changed.
  version integer NOT NULL DEFAULT 1,
  status text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'claimed', 'running', 'done', 'failed', 'cancelled')),
  rail text NOT NULL CHECK (rail IN ('direct', 'gateway')),
  model_id numeric(78) NOT NULL,
  model_hash text NOT NULL,
  requester text NOT NULL,
  payer text NOT NULL,
  private boolean NOT NULL,
  request jsonb NOT NULL,
  request_hash text NOT NULL,
  pixels bigint NOT NULL,
  steps integer NOT NULL,
  count integer NOT NULL,
  sampler text NOT NULL,
  scheduler text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- Direct rail: place of the candidate whose turn it is, and its worker, unless that turn is over and the next not yet come.
  candidate integer,
  wanted text,
  -- The order being worked on, once a worker has it.
  order_message jsonb,
  order_hash text,
  order_signature text,
  lane_id text,
  price numeric(78),
  worker text,
  lease_token text,
  lease_expires_at timestamptz,
  progress_image integer,
  progress_step integer,
  progress_steps integer,
  engine text,
  error_code text,
  error_message text,
  quota_day date,
  created_at timestamptz NOT NULL DEFAULT now(),
  queued_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz,
  finished_at timestamptz,
  settled_at timestamptz
);
CREATE INDEX job_queue ON cloud.job (place) WHERE status = 'queued';
CREATE INDEX job_leases ON cloud.job (lease_expires_at) WHERE status IN ('claimed', 'running');
CREATE INDEX job_unsettled ON cloud.job (payer) WHERE rail = 'direct' AND settled_at IS NULL;
CREATE INDEX ON cloud.job (order_hash);

-- The signed orders of a direct job, best worker first. handed_at: the worker has seen it and could settle it.
CREATE TABLE cloud.candidate (
  job_id uuid NOT NULL REFERENCES cloud.job ON DELETE CASCADE,
  position integer NOT NULL,
  worker text NOT NULL,
  order_message jsonb NOT NULL,
  order_hash text NOT NULL UNIQUE,
  signature text NOT NULL,
  price numeric(78) NOT NULL,
  deadline bigint NOT NULL,
  handed_at timestamptz,
  PRIMARY KEY (job_id, position)
);

-- Nonces of direct orders that were posted here: one job each.
CREATE TABLE cloud.order_nonce (
  payer text NOT NULL,
  nonce numeric(78) NOT NULL,
  job_id uuid NOT NULL REFERENCES cloud.job ON DELETE CASCADE,
  PRIMARY KEY (payer, nonce)
);

-- Nonces that quotes named, so that two quotes at a time differ. They come back when nobody used them.
CREATE TABLE cloud.quoted_nonce (
  payer text NOT NULL,
  nonce numeric(78) NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (payer, nonce)
);

CREATE TABLE cloud.job_failure (
  job_id uuid NOT NULL REFERENCES cloud.job ON DELETE CASCADE,
  worker text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('expired', 'failed', 'refused', 'wrong')),
  message text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON cloud.job_failure (job_id, worker);

-- Files uploaded under a lease, until its receipts are accepted or the lease is lost.
CREATE TABLE cloud.staged_image (
  job_id uuid NOT NULL REFERENCES cloud.job ON DELETE CASCADE,
  lease_token text NOT NULL,
  index integer NOT NULL,
  image_hash text NOT NULL,
  cid_digest text NOT NULL,
  cid text NOT NULL,
  bytes integer NOT NULL,
  staged_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (job_id, lease_token, index)
);

-- Files that are served. The same bytes may come out of several jobs.
CREATE TABLE cloud.picture (
  cid text PRIMARY KEY,
  image_hash text NOT NULL,
  bytes integer NOT NULL,
  width integer NOT NULL,
  height integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
-- Every block that a stored file consists of, in the order of a CAR.
CREATE TABLE cloud.picture_block (
  root text NOT NULL,
  position integer NOT NULL,
  cid text NOT NULL,
  PRIMARY KEY (root, position)
);
CREATE INDEX ON cloud.picture_block (cid);

CREATE TABLE cloud.receipt (
  receipt_id text PRIMARY KEY,
  job_id uuid NOT NULL REFERENCES cloud.job,
  index integer NOT NULL,
  order_hash text NOT NULL,
  message jsonb NOT NULL,
  signature text NOT NULL,
  image_hash text NOT NULL,
  cid text NOT NULL,
  seed numeric(20) NOT NULL,
  price numeric(78) NOT NULL,
  lane_id text,
  -- From 1 in order of completion, without gaps: a voucher's tree is a range of these.
  lane_position integer,
  UNIQUE (order_hash, index),
  UNIQUE (lane_id, lane_position)
);
CREATE INDEX ON cloud.receipt (job_id);
CREATE INDEX ON cloud.receipt (cid);

CREATE TABLE cloud.lane (
  lane_id text PRIMARY KEY,
  config jsonb NOT NULL,
  payer text NOT NULL,
  payer_signer text NOT NULL,
  worker text NOT NULL,
  state text NOT NULL CHECK (state IN ('opening', 'open', 'closed')),
  -- What the chain said at `synced_block`: both of one block.
  free numeric(78) NOT NULL DEFAULT 0,
  thawing boolean NOT NULL DEFAULT false,
  synced_block bigint NOT NULL DEFAULT 0,
  -- Receipts on the lane, and through which of them all are anchored.
  receipts integer NOT NULL DEFAULT 0,
  anchored_through integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON cloud.lane (worker);

CREATE TABLE cloud.lane_total (
  lane_id text NOT NULL REFERENCES cloud.lane,
  model_id numeric(78) NOT NULL,
  promised numeric(78) NOT NULL DEFAULT 0,
  collected numeric(78) NOT NULL DEFAULT 0,
  PRIMARY KEY (lane_id, model_id)
);

CREATE TABLE cloud.voucher (
  lane_id text NOT NULL REFERENCES cloud.lane,
  number integer NOT NULL,
  digest text NOT NULL,
  message jsonb NOT NULL,
  root text NOT NULL,
  payer_signature text NOT NULL,
  worker_signature text,
  -- Its tree: receipts from `first` to `last`.
  first integer NOT NULL,
  last integer NOT NULL,
  anchored_block bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (lane_id, number)
);
CREATE UNIQUE INDEX ON cloud.voucher (lane_id, digest);
CREATE INDEX ON cloud.voucher (lane_id, root);

CREATE TABLE cloud.chain_cursor (
  name text PRIMARY KEY,
  block bigint NOT NULL
);

CREATE TABLE cloud.quota (
  account text NOT NULL,
  day date NOT NULL,
  used integer NOT NULL,
  PRIMARY KEY (account, day)
);
