/** Where the operator's own endpoint listens, as it is written on the command line. */

export interface ListenAddress {
  /** Undefined: every address of the machine, IPv6 and IPv4, or IPv4 alone where the kernel knows no IPv6. */
  readonly host: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
}

const ADDRESS = /^(?:\[(?<v6>[^[\]]+)\]|(?<host>[^[\]:]*)):(?<port>\d{1,5})$/;

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT`; undefined for anything else. */
export function parseListen(text: string): ListenAddress | undefined {
  const { v6, host, port } = ADDRESS.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) return undefined;
  const named = v6 ?? host;
  return { host: named === '' ? undefined : named, port: Number(port) };
}

/** As a URL has it: `127.0.0.1:8080`, `[::1]:8080`. */
export function listenText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
