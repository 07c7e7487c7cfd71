/**
 * What a lab offers to tests, the demo and the command line, whichever way it
 * provides clusters. Nothing here says that they are processes.
 */

export interface Lab {
  /** Where all its files are, and those of whatever runs beside it; they are removed with the lab. */
  readonly directory: string;
  readonly source: LabCluster;
  readonly recovery: LabCluster;
  readonly objective: LabCluster;
  readonly dns: LabDns;
  /**
   * Runs a program beside the clusters, such as an operator; it ends with the lab at the latest.
   * @param name of lower-case letters, digits and `-`; under it the program is found again
   * @param command absolute path of the program and its arguments
   * @param environment all of it but HOME, which is the lab's directory unless given
   * @throws LabError 'AlreadyRunning' while a program of that name runs, 'UnknownName' for a name that is
   *   none, 'ComponentDied' when it ends before it was seen running
   */
  run(
    name: string,
    command: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<StartedProgram>;
  /** A program that `run` started, from whichever process that was asked. */
  program(name: string): LabProgram;
  /** Stops everything and removes its files. */
  stop(): Promise<void>;
}

export interface StartedProgram {
  /** Of the program itself, for its memory and its end. */
  readonly pid: number;
  /** Receives what it prints, of every start. */
  readonly logFile: string;
}

/** Each method throws LabError 'UnknownName' when no such program was ever run. */
export interface LabProgram {
  /** Runs it again with the same command and environment; while it runs this only tells about it. */
  start(): Promise<StartedProgram>;
  /** SIGTERM, and SIGKILL some seconds later; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL for it and what it started itself; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface LabCluster {
  /** `eu-west`, `eu-north`, `objective`. */
  readonly name: string;
  /** Value of the nodes' label topology.kubernetes.io/region. */
  readonly region: string;
  readonly zones: readonly LabZone[];
  /** Path of an administrator's kubeconfig that goes straight to the API server. */
  readonly kubeconfig: string;
  /** Where data and logs are, for messages. */
  readonly directory: string;
  /** The network link between an operator and this cluster. */
  readonly link: LabLink;
  /** kubectl with the administrator's kubeconfig. @throws LabCommandError with its output when it exits non-zero */
  kubectl(args: readonly string[], options?: { readonly input?: string }): Promise<string>;
  /**
   * A kubeconfig (YAML text) that goes through `link`: with the
   * administrator's certificate, or with a bearer token.
   */
  linkedKubeconfig(
    credentials?:
      | { readonly token: string }
      | { readonly clientCertificate: string; readonly clientKey: string },
  ): Promise<string>;
  /** A client certificate signed by this cluster's own CA. `validFor` in seconds; negative: already expired. */
  clientCertificate(
    user: string,
    groups: readonly string[],
    validFor: number,
  ): Promise<{ readonly certificate: string; readonly key: string }>;
  /** Kills the control plane and all zones at once, as when a region is lost. Data stays on disk. */
  kill(): Promise<void>;
  /** Orderly stop of the control plane only: zones go on serving. */
  stopControlPlane(): Promise<void>;
  /** Forgets every state of its objects but the present one, as a server does after minutes: older versions have expired. */
  forgetHistory(): Promise<void>;
  /** Starts what was killed or stopped, on the same ports with the same data; resolves when ready. */
  start(): Promise<void>;
  zone(name: string): LabZone;
}

/** One failure domain: its nodes and an HTTP endpoint that stands for the workloads it serves. */
export interface LabZone {
  readonly name: string;
  /** Answers 200 while the zone is up. */
  readonly probeUrl: string;
  /** Its nodes stop reporting and its endpoint stops answering. */
  fail(): Promise<void>;
  heal(): Promise<void>;
}

export interface LabLink {
  /** Existing and new connections hang: no reset, no answer (a black hole). */
  cut(): Promise<void>;
  heal(): Promise<void>;
  /** Adds latency in milliseconds to each direction; 0 removes it. */
  delay(milliseconds: number): Promise<void>;
  /** Limits throughput in KiB per second; 0 removes the limit. */
  throttle(kibibytesPerSecond: number): Promise<void>;
}

export interface LabDns {
  /** The zone that external-dns on the objective cluster serves, e.g. `dr.test`. */
  readonly zone: string;
  /** `127.0.0.1:port` of the authoritative server. */
  readonly server: string;
  /** Publishes a record as some other external-dns owner would have, so that ours may not take it. */
  seedForeignRecord(hostname: string, address: string, owner: string): Promise<void>;
}
