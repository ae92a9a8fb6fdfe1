import pg from "pg";

/** Options of a listener. */
export interface PgListenerOptions {
  readonly databaseUrl: string;
  /** Channels whose notifications are a reason to look. */
  readonly channels: readonly string[];
  /** Milliseconds between looks without a notification. */
  readonly poll: number;
  /** Looks. `isNew`: whether the connection is another one than last time. */
  readonly look: (connection: pg.Client, isNew: boolean) => Promise<void>;
}

/** Looks that go on until they are stopped. */
export interface PgListener {
  /** Resolves when the first look is over, whatever it saw. */
  readonly started: Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds that a statement may take. */
const CONNECT_TIMEOUT = 5_000;

/** Looks again and again, by a connection of its own. It never fails: it connects anew and looks again. */
export function createPgListener({ databaseUrl, channels, poll, look }: PgListenerOptions): PgListener {
  let client: pg.Client | undefined;
  let isClosed = false;
  let wake: () => void = () => undefined;
  let hasStarted: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    hasStarted = resolve;
  });

  async function connect(): Promise<pg.Client> {
    const connection = new pg.Client({
      connectionString: databaseUrl,
      application_name: "gridnft-fresh",
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      query_timeout: CONNECT_TIMEOUT,
      options: "-c default_transaction_read_only=on",
    });
    const lose = () => {
      if (client === connection) client = undefined;
    };
    connection.on("error", lose);
    connection.on("end", lose);
    connection.on("notification", () => wake());
    await connection.connect();
    // A replica takes no listeners: there the looks alone must do.
    for (const channel of channels) {
      await connection.query(`listen ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
    }
    return connection;
  }

  async function lookOnce(): Promise<void> {
    try {
      const isNew = client === undefined;
      client ??= await connect();
      await look(client, isNew);
    } catch {
      // No database, or a schema in the making: every statement will say so itself.
      const broken = client;
      client = undefined;
      await broken?.end().catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    while (!isClosed) {
      // A notification during a look asks for another one.
      const rest = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, poll);
        timer.unref();
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      await lookOnce();
      hasStarted();
      await rest;
    }
  }

  const running = run();
  return {
    started,
    close: async () => {
      isClosed = true;
      wake();
      await running;
      await client?.end().catch(() => undefined);
    },
  };
}
