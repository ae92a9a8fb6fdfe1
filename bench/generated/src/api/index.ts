// Ponder's generated GraphQL over the indexer's tables, as it is out of the box: a peer of the API bench. (The indexer serves it at
// /tables too, but with limits.)
import { db } from "ponder:api";
import tables from "ponder:schema";
import { Hono } from "hono";
import { graphql } from "ponder";

// It has no word for text vectors.
const { artworkText: _, ...schema } = tables;

const app = new Hono();
app.use("/graphql", graphql({ db, schema }));

// biome-ignore lint/style/noDefaultExport: Ponder takes the app so
export default app;
