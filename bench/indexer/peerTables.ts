/** Tables of the peers that do not make their own: what bench/plain/ponder.schema.ts says, with the same six indexes. */
export const peerTables: readonly string[] = [
  `create table artwork (
    id text primary key, token_id numeric not null, series_id numeric not null, artist text not null, owner text not null,
    title text not null, prompt text not null, model_id int not null, worker text not null, width int not null,
    height int not null, sampler text not null, image_hash text not null, minted_at int not null, versions int not null)`,
  `create table transfer (
    id text primary key, token_id numeric not null, "from" text not null, "to" text not null, time int not null)`,
  `create table occurrence (
    id text primary key, name text not null, account text not null, amount numeric not null, time int not null)`,
];

/** Made before or after the rows, as each peer does it. */
export const peerIndexes: readonly string[] = [
  "create index on artwork (minted_at)",
  "create index on artwork (artist)",
  "create index on artwork (owner)",
  "create index on artwork (model_id)",
  "create index on transfer (token_id)",
  "create index on occurrence (account)",
];
