/**
 * Telling IP addresses from names, and writing each in one form, so that what
 * was wished for and what a server answers can be compared as text.
 */

export type RecordType = 'A' | 'AAAA' | 'CNAME';

const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const NAME = /^(?=.{1,253}$)[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?)*$/;

export interface Target {
  readonly type: RecordType;
  /** Canonical: IPv6 as RFC 5952 writes it, names in lower case without final dot. */
  readonly value: string;
}

/** @returns undefined when `text` is neither an IP address nor a host name */
export function parseTarget(text: string): Target | undefined {
  const value = text.trim().toLowerCase();
  if (IPV4.test(value)) return { type: 'A', value };
  if (value.includes(':')) {
    const canonical = canonicalIpv6(value);
    return canonical === undefined ? undefined : { type: 'AAAA', value: canonical };
  }
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  // A name whose last label is a number is a mistyped address: no top-level domain is numeric (RFC 3696, 2).
  if (!NAME.test(name) || /(^|\.)\d+$/.test(name)) return undefined;
  return { type: 'CNAME', value: name };
}

/** The URL parser (WHATWG) validates and shortens IPv6 as RFC 5952 does, on every runtime alike. */
function canonicalIpv6(text: string): string | undefined {
  const url = `http://[${text}]/`;
  if (!/^[0-9a-f:.]+$/.test(text) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.slice(1, -1);
}
