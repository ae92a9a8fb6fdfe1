// Supervisor of a local grid: starts, kills and stops its services.
import { LocalError } from "./errors.ts";
import { createProcesses, lastLines, type Processes, type RunningProcess } from "./processes.ts";

/** Names of the services, which run as processes. */
export type ServiceName = "chain" | "postgres" | "indexer" | "cloud" | "gallery" | "treasury" | "worker-1" | "worker-2";

/** Running service. `stop` and `kill` are given where they do more than those of its process. */
interface Service {
  process: RunningProcess;
  stop?: () => Promise<void>;
  kill?: () => Promise<void>;
}

/** Starts, kills and stops services by name. */
export interface Supervisor {
  readonly processes: Processes;
  /** Starts a service, and keeps `start` for a restart. */
  run<Started extends Service>(name: ServiceName, start: () => Promise<Started>): Promise<Started>;
  process(name: ServiceName): RunningProcess;
  isRunning(name: ServiceName): boolean;
  kill(name: ServiceName): Promise<void>;
  restart(name: ServiceName): Promise<void>;
  stop(): Promise<void>;
}

/** Groups of services, each stopped together, one group after the other. */
const STOP_ORDER: readonly (readonly ServiceName[])[] = [
  ["worker-1", "worker-2"],
  ["gallery", "cloud", "treasury", "indexer"],
  ["postgres", "chain"],
];

export interface SupervisorOptions {
  /** Called when a service ends that nobody stopped. `log` is the end of its log. */
  readonly onCrash?: ((service: string, how: string, log: string) => void) | undefined;
  /** Called when a service is being stopped, and when it is. */
  readonly onStop?: ((service: ServiceName, state: "working" | "stopped") => void) | undefined;
}

/** Creates the supervisor of a state folder. */
export function createSupervisor(folder: string, { onCrash, onStop = () => {} }: SupervisorOptions): Supervisor {
  const services = new Map<ServiceName, { start: () => Promise<Service>; running?: Service | undefined }>();
  let stopping: Promise<void> | undefined;
  const processes = createProcesses(folder, (name, how, log) => {
    const service = services.get(name as ServiceName);
    // A service that ends while it starts makes its start fail, and that error says more.
    if (!service?.running || stopping) return;
    service.running = undefined;
    onCrash?.(name, how, lastLines(log));
  });
  const known = (name: ServiceName) => {
    const service = services.get(name);
    if (!service) throw new LocalError("SERVICE", `There is no ${name} in this grid.`);
    return service;
  };
  const running = (name: ServiceName): Service => {
    const service = known(name).running;
    if (!service) throw new LocalError("SERVICE", `The ${name} doesn't run.`);
    return service;
  };
  const stopService = async (name: ServiceName): Promise<void> => {
    const service = services.get(name);
    const current = service?.running;
    if (!service || !current) return;
    service.running = undefined;
    onStop(name, "working");
    await (current.stop ?? current.process.stop)();
    onStop(name, "stopped");
  };
  return {
    processes,
    run: async (name, start) => {
      services.set(name, { start });
      const service = await start();
      services.set(name, { start, running: service });
      return service;
    },
    process: (name) => running(name).process,
    isRunning: (name) => services.get(name)?.running !== undefined,
    kill: async (name) => {
      const service = running(name);
      known(name).running = undefined;
      await (service.kill ?? service.process.kill)();
    },
    restart: async (name) => {
      await stopService(name);
      const service = known(name);
      service.running = await service.start();
    },
    stop: () => {
      stopping ??= (async () => {
        const orphans = processes.close(
          [...services].flatMap(([, { running }]) => (running ? [running.process.pid] : [])),
        );
        for (const group of STOP_ORDER) await Promise.all(group.map(stopService));
        await orphans;
      })();
      return stopping;
    },
  };
}
