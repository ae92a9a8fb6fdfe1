/** Output of a program. Once it breaks, writing does nothing: the program's work goes on without it. */
export interface ProgramOutput {
  /** Never throws. */
  write(text: string): void;
}

/** Opens the output of a stream, as stdout or stderr: a pipe that nobody reads and a full disk end the output, not the program. */
export function openProgramOutput(stream: NodeJS.WritableStream): ProgramOutput {
  let isBroken = false;
  const stop = (): void => {
    isBroken = true;
  };
  // Stays: a pipe can tell of its end long after the last write.
  stream.on("error", stop);
  return {
    write: (text) => {
      if (isBroken) return;
      try {
        stream.write(text);
      } catch {
        stop();
      }
    },
  };
}
