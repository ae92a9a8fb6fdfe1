// Entities of the Subsquid peer: its store looks for them here.
const { EntitySchema } = require("typeorm");

class Artwork {
  constructor(fields) {
    Object.assign(this, fields);
  }
}
class Transfer {
  constructor(fields) {
    Object.assign(this, fields);
  }
}
class Occurrence {
  constructor(fields) {
    Object.assign(this, fields);
  }
}

const text = { type: "text" };
const integer = { type: "int4" };
const numeric = {
  type: "numeric",
  transformer: { to: (value) => value?.toString(), from: (value) => (value == null ? value : BigInt(value)) },
};
const id = { type: "text", primary: true };

module.exports = {
  Artwork,
  Transfer,
  Occurrence,
  artworks: new EntitySchema({
    name: "Artwork",
    tableName: "artwork",
    target: Artwork,
    columns: {
      id,
      tokenId: numeric,
      seriesId: numeric,
      artist: text,
      owner: text,
      title: text,
      prompt: text,
      modelId: integer,
      worker: text,
      width: integer,
      height: integer,
      sampler: text,
      imageHash: text,
      mintedAt: integer,
      versions: integer,
    },
  }),
  transfers: new EntitySchema({
    name: "Transfer",
    tableName: "transfer",
    target: Transfer,
    columns: { id, tokenId: numeric, from: text, to: text, time: integer },
  }),
  occurrences: new EntitySchema({
    name: "Occurrence",
    tableName: "occurrence",
    target: Occurrence,
    columns: { id, name: text, account: text, amount: numeric, time: integer },
  }),
};
