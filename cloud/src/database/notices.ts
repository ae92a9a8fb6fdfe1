/**
 * Channel. `cloud_queue`: a job waits. `cloud_job`: a job changed (payload: its id). `cloud_session`: a session ended (payload: its token's
 * hash).
 */
export type Channel = "cloud_queue" | "cloud_job" | "cloud_session";

/** Notification of a change. */
export interface Notice {
  readonly channel: Channel;
  readonly payload: string;
}

/** Notifications that are to be sent. */
export interface NoticeQueue {
  /** Adds one. Equal ones that wait are one; those of `cloud_queue` are counted, because each wakes another claim. */
  add(notice: Notice): void;
  /** Sends all that wait. Resolves when these and those under way were sent, or could not be. */
  flush(): Promise<void>;
}

/** Milliseconds between two statements that send notifications. */
const SEND_INTERVAL = 25;

/**
 * Creates a queue of notifications, which are sent together at short intervals. Transactions with notifications commit one after the other,
 * over the whole server, so those of claims and completions have none. One statement is under way at a time: those of a slow server would
 * take all connections. What cannot be sent is dropped: listeners poll as well.
 */
export function createNoticeQueue(send: (notices: readonly Notice[]) => Promise<unknown>): NoticeQueue {
  const waiting = new Map<string, { readonly notice: Notice; times: number }>();
  let sentAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  const sendWaiting = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const notices = [...waiting.values()].map(({ notice: { channel, payload }, times }) => ({
      channel,
      payload: repeatedPayload(payload, times),
    }));
    waiting.clear();
    sentAt = Date.now();
    await send(notices).catch(() => undefined);
    sending = undefined;
    if (waiting.size > 0) sendSoon();
  };
  const sendSoon = (): void => {
    if (sending) return;
    timer ??= setTimeout(
      () => {
        sending = sendWaiting();
      },
      Math.max(0, sentAt + SEND_INTERVAL - Date.now()),
    );
  };
  return {
    add: (notice) => {
      const key = `${notice.channel}:${notice.payload}`;
      const entry = waiting.get(key);
      if (!entry) waiting.set(key, { notice, times: 1 });
      else if (notice.channel === "cloud_queue") entry.times++;
      sendSoon();
    },
    flush: async () => {
      await sending;
      if (waiting.size > 0) sending ??= sendWaiting();
      await sending;
    },
  };
}

/** Returns the payload of equal notifications. Postgres sends those of one transaction once. */
function repeatedPayload(payload: string, times: number): string {
  return times === 1 ? payload : `${payload} x${times}`;
}

/** Returns a payload as it was added, and how many times. */
export function readPayload(sent: string): { readonly payload: string; readonly times: number } {
  const [, payload, times] = /^(.*) x(\d+)$/.exec(sent) ?? [];
  return payload === undefined ? { payload: sent, times: 1 } : { payload, times: Number(times) };
}
