/** What Ponder leaves for modules that it runs, by names of its sources. */
interface PonderGlobals {
  readonly PONDER_NAMESPACE_BUILD?: { readonly schema: string };
  readonly PONDER_COMMON?: { readonly metrics: { readonly port?: number | null } };
}

/** Schema of the database in which this process keeps its tables. */
export function databaseSchema(): string {
  const { PONDER_NAMESPACE_BUILD: namespace } = globalThis as PonderGlobals;
  const schema = namespace?.schema ?? process.env.DATABASE_SCHEMA;
  if (!schema) throw new Error("Ponder has not said in which schema its tables are.");
  return schema;
}

/** Port at which Ponder serves: the one it was told, or the next that was free. Undefined until it does. */
export function servedPort(): number | undefined {
  return (globalThis as PonderGlobals).PONDER_COMMON?.metrics.port ?? undefined;
}
