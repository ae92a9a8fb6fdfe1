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
  /** Adds one. Equal ones that wait are one. */
  add(notice: Notice): void;
  /** Sends all that wait. Resolves when they were sent, or could not be. */
  flush(): Promise<void>;
}

/** Milliseconds between two statements that send notifications. */
const SEND_INTERVAL = 25;

/**
 * Creates a queue of notifications, which are sent together at short intervals. Transactions with notifications commit one after the other,
 * over the whole server, so those of claims and completions have none. What cannot be sent is dropped: listeners poll as well.
 */
export function createNoticeQueue(send: (notices: readonly Notice[]) => Promise<unknown>): NoticeQueue {
  const waiting = new Map<string, Notice>();
  let sentAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.size === 0) return;
    const notices = [...waiting.values()];
    waiting.clear();
    sentAt = Date.now();
    await send(notices).catch(() => undefined);
  };
  return {
    add: (notice) => {
      waiting.set(`${notice.channel}:${notice.payload}`, notice);
      timer ??= setTimeout(flush, Math.max(0, sentAt + SEND_INTERVAL - Date.now()));
    },
    flush,
  };
}
