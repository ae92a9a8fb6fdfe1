/** Stream that a command writes to. Once it breaks, writing does nothing: what a command pays for goes on without it. */
export interface Output {
  readonly stream: NodeJS.WritableStream;
  /** Never throws. */
  write(text: string): void;
  /** Why it broke. */
  readonly failure: NodeJS.ErrnoException | undefined;
  /** Waits until everything is written, or the stream is broken. */
  flush(): Promise<void>;
}

const outputs = new WeakMap<NodeJS.WritableStream, Output>();

/** The output of a stream; the same one each time. */
export function openOutput(stream: NodeJS.WritableStream): Output {
  const known = outputs.get(stream);
  if (known) return known;
  let failure: NodeJS.ErrnoException | undefined;
  const fail = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error));
  };
  // Stays: a pipe can tell of its end long after the last write.
  stream.on("error", fail);
  const output: Output = {
    stream,
    write: (text) => {
      if (failure) return;
      try {
        stream.write(text);
      } catch (error) {
        fail(error);
      }
    },
    get failure() {
      return failure;
    },
    flush: () =>
      new Promise((done) => {
        if (failure) return done();
        stream.once("error", () => done());
        stream.once("close", () => done());
        try {
          stream.write("", () => done());
        } catch (error) {
          fail(error);
          done();
        }
      }),
  };
  outputs.set(stream, output);
  return output;
}

/** Sentence for an output that broke, or undefined where nobody misses it: whoever reads a pipe may stop reading. */
export function lossOf({ failure }: Output): string | undefined {
  if (failure === undefined || failure.code === "EPIPE" || failure.code === "ERR_STREAM_DESTROYED") return undefined;
  return `The output could not be written: ${reasonOf(failure)}.`;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is used up",
  EEXIST: "a file is in the way",
  EFBIG: "the file would be too large",
  EIO: "the device does not answer",
  EISDIR: "it is a folder",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "there is no such folder",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of the path is not a folder",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};

/** Words for what the system says about a file or stream. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && reasons[code]) || code || message;
}
