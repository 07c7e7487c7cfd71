/**
 * What can go wrong with a lab, as errors whose message alone tells a person
 * what failed and what to do about it.
 */

export type LabErrorCode =
  | 'CommandFailed' // kubectl or another tool exited non-zero
  | 'ComponentDied' // a server of the lab ended while it was needed
  | 'ComponentNotReady' // a server of the lab did not become ready in time
  | 'BuildFailed' // go build ended non-zero
  | 'GoUnusable' // no Go, or one too old
  | 'AlreadyRunning' // a lab of this name has a living owner
  | 'NotRunning' // there is no lab of this name to attach to
  | 'UnknownName' // no cluster, zone or binary is called that
  | 'NoFreePort'
  | 'Stopping' // asked of a lab that is being stopped
  | 'SupervisorFailed'; // the detached lab ended, or refused a request

/** Base of all errors that the lab throws itself. */
export class LabError extends Error {
  override readonly name: string = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** A command such as kubectl exited non-zero; the message holds its standard error. */
export class LabCommandError extends LabError {
  override readonly name = 'LabCommandError';
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string, result: { exitCode: number; stdout: string; stderr: string }) {
    super('CommandFailed', `${command} exited with ${result.exitCode}: ${result.stderr.trim()}`);
    this.exitCode = result.exitCode;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}

/** A server died or did not become ready; the message ends with the tail of its log. */
export class LabComponentError extends LabError {
  override readonly name = 'LabComponentError';
  readonly component: string;
  readonly logPath: string;

  constructor(
    code: 'ComponentDied' | 'ComponentNotReady',
    what: string,
    component: { readonly name: string; readonly logPath: string },
    logTail: string,
  ) {
    super(code, `${component.name} ${what}\n  log: ${component.logPath}\n${indent(logTail)}`);
    this.component = component.name;
    this.logPath = component.logPath;
  }
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  | ${line}`)
    .join('\n');
}
