/**
 * Who holds a name, by the TXT records external-dns writes beside its own
 * (`heritage=external-dns,external-dns/owner=…`, registry/txt). An external-dns
 * never touches a name that another owner holds and says nothing of it above
 * its debug log, so a switch that does not happen is explained from here.
 */

export interface Claim {
  /** The TXT record's name. */
  readonly record: string;
  readonly owner: string;
  /** `service/dr/antipode-…`: the object it was made for. */
  readonly resource: string | undefined;
}

/** Names of the TXT records that may speak of `hostname`: with the record type before it (since v0.12), or bare (before). */
export function claimNames(hostname: string): readonly string[] {
  return [`a-${hostname}`, `aaaa-${hostname}`, `cname-${hostname}`, hostname];
}

/** @returns undefined when the text is not external-dns's */
export function parseClaim(record: string, text: string): Claim | undefined {
  const fields = new Map<string, string>();
  for (const part of text.replaceAll('"', '').split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) fields.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const owner = fields.get('external-dns/owner');
  if (fields.get('heritage') !== 'external-dns' || owner === undefined) return undefined;
  return { record, owner, resource: fields.get('external-dns/resource') };
}

/**
 * Why a name does not follow its announcement, and what to do.
 * @param resource our announcing Service as external-dns names it, `service/<namespace>/<name>`
 * @param answer what the name answers with now
 */
export function explainStillness(
  claims: readonly Claim[],
  resource: string,
  answer: 'nothing' | 'alias' | 'addresses',
): string {
  const foreign = claims.find((claim) => claim.resource !== resource);
  if (foreign !== undefined) {
    const made = foreign.resource === undefined ? '' : ` for ${foreign.resource}`;
    return (
      `it is held by external-dns owner "${foreign.owner}"${made} (TXT ${foreign.record}). If that is not the external-dns of ` +
      'the objective cluster, that one will never change it: set external-dns/owner in the TXT record to its --txt-owner-id'
    );
  }
  if (claims.length > 0 && answer === 'addresses') {
    return "external-dns holds it for this scenario and either has not published the change yet (see its log in the objective cluster), or it has, and a proxy of the DNS provider, such as Cloudflare's, answers with addresses of its own: then where the name leads is not known from its answer";
  }
  if (claims.length > 0) {
    return 'external-dns holds it for this scenario but has not published the change yet: see the log of external-dns in the objective cluster';
  }
  return answer !== 'nothing'
    ? 'the record was made by hand or by something else than external-dns, which never changes such records: delete it once, or give it an owner TXT record'
    : 'nothing has published it: check that external-dns runs in the objective cluster with --source=service, and that its namespace, domain and annotation filters admit the announcing Service';
}
